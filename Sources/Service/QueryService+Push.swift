import EventLog
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Ingest
import NIOCore
import ShareServers

extension QueryService {
    /// `POST /v1/events`: what became of each event of the body, once all are durable.
    ///
    /// 200 where all are in the log; 207 where some are; 400 where none is because they are no events, 409 because they
    /// conflict; 413 for a binary-mode body that is too large; 415 for another content type or encoding; 503 where the log did not take them: repeating is safe.
    @Sendable func push(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryParameters(request, known: [])
        var answer = PushAnswer()
        if let encoding = request.headers[.contentEncoding], encoding.trimmingBlanks.lowercased() != "identity" {
            var problem = Problem(
                .unsupportedMediaType, "content encoding '\(encoding)' is not taken; send the events as they are")
            problem.headers[.acceptEncoding] = "identity"
            throw problem
        }
        do {
            if request.headers[.ceSpecVersion] != nil, !Self.isStructured(request) {
                let event = try await Self.binaryMode(request)
                try await Push(log: log).append(
                    AsyncStream { continuation in
                        continuation.yield(event)
                        continuation.finish()
                    }, format: .json
                ) { answer.take($0, $1) }
            } else {
                let format = try Self.format(of: request)
                try await Push(log: log).append(request.body.map { $0.readableBytesView }, format: format) {
                    answer.take($0, $1)
                }
            }
        } catch {
            var problem = Problem(error)
            if answer.kept > 0 {
                problem = problem.adding([
                    "settled": .number(Double(answer.kept))
                ])
            }
            throw problem
        }
        return try answer.response()
    }

    /// The content type without its parameters, in lower case; empty where there is none.
    private static func mediaType(_ request: Request) -> String {
        (request.headers[.contentType] ?? "").prefix { $0 != ";" }.trimmingBlanks.lowercased()
    }

    /// Whether the body is a CloudEvent, or a batch of them, whatever `ce-` headers come with it.
    ///
    /// Source: CloudEvents, HTTP protocol binding 1.0, section 3: the content type says the mode.
    private static func isStructured(_ request: Request) -> Bool {
        mediaType(request).hasPrefix("application/cloudevents") || mediaType(request).hasSuffix("ndjson")
    }

    private static func format(of request: Request) throws(Problem) -> Format {
        let type = mediaType(request)
        switch type {
        case "application/x-ndjson", "application/ndjson", "application/jsonl": return .ndjson
        case "application/json", "application/cloudevents+json", "application/cloudevents-batch+json": return .json
        default:
            throw Problem(
                .unsupportedMediaType,
                "content type \(type.isEmpty ? "is missing" : "'\(type)' is not taken"); send application/x-ndjson, "
                    + "application/cloudevents+json, application/cloudevents-batch+json or application/json")
        }
    }

    /// One event whose attributes are headers and whose data is the body, as a JSON object.
    ///
    /// Source: CloudEvents, HTTP protocol binding 1.0, section 3.1.
    private static func binaryMode(_ request: Request) async throws -> [UInt8] {
        var members: [String: JSON] = [:]
        for field in request.headers {
            let name = field.name.canonicalName
            guard name.hasPrefix("ce-") else { continue }
            guard let value = Percent.decodeExactly(field.value.utf8) else {
                throw Problem(.badRequest, "header '\(name)': percent-encoded UTF-8 is expected")
            }
            members[String(name.dropFirst(3))] = .string(value)
        }
        let contentType = (request.headers[.contentType] ?? "").trimmingBlanks
        let type = mediaType(request)
        if !contentType.isEmpty, contentType != "application/json" { members["datacontenttype"] = .string(contentType) }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.binaryModeBytes)
        } catch is NIOTooManyBytesError {
            throw Problem(
                .contentTooLarge,
                "the body of an event in binary mode has at most \(Self.binaryModeBytes) bytes, and an event 65,535")
        }
        if body.readableBytes > 0 {
            let bytes = Array(body.readableBytesView)
            if type.isEmpty || type == "application/json" || type.hasSuffix("+json") {
                do throws(JSONFault) {
                    members["data"] = try JSON(parsing: bytes)
                } catch {
                    throw Problem(.badRequest, "the body is not JSON at byte \(error.offset): \(error.reason)")
                }
            } else {
                members["data_base64"] = .string(Data(bytes).base64EncodedString())
            }
        }
        return JSON.object(members).canonical()
    }

    /// Source: chosen; room for an event of the greatest size in any encoding of its data.
    private static let binaryModeBytes = 1 << 20
}

/// Gathers what became of pushed events, with bounds.
private struct PushAnswer {
    /// Outcomes told one by one; beyond them only what was not kept.
    private static let told = 10_000

    private var appended = 0
    private var known = 0
    private var conflicts = 0
    private var rejected = 0
    private var count = 0
    /// The members of `results`, as JSON.
    private var results: [UInt8] = []
    private var resultCount = 0

    /// Events that are in the log.
    var kept: Int { appended + known }

    mutating func take(_ number: Int, _ outcome: Push.Outcome) {
        count += 1
        switch outcome {
        case .settled(let receipt):
            switch receipt.outcome {
            case .appended: appended += 1
            case .known: known += 1
            case .conflict: conflicts += 1
            }
            guard count <= Self.told || receipt.outcome == .conflict else { return }
            append(number, "\(receipt.outcome)", receipt.position, nil)
        case .rejected(let fault):
            rejected += 1
            append(number, "rejected", nil, fault)
        }
    }

    /// Written as text: a value for each of ten thousand events would cost more than appending them.
    private mutating func append(_ number: Int, _ outcome: String, _ position: Position?, _ fault: Fault?) {
        guard resultCount < 2 * Self.told else { return }
        if resultCount > 0 { results.append(0x2C) }
        resultCount += 1
        var error = ""
        if outcome == "conflict" {
            error = #""error":{"field":"id","reason":"it was used before for an event of other content"},"#
        } else if let fault {
            var members: [String: JSON] = [
                "reason": .string(fault.reason), "line": .number(Double(fault.line)),
            ]
            members["field"] = fault.attribute.map { .string($0) }
            error = "\"error\":" + String(decoding: JSON.object(members).canonical(), as: UTF8.self) + ","
        }
        let place = position.map { ",\"position\":\($0.index)" } ?? ""
        let lane = position.map { ",\"lane\":\($0.lane)" } ?? ""
        results.append(contentsOf: "{\(error)\"index\":\(number)\(lane),\"outcome\":\"\(outcome)\"\(place)}".utf8)
    }

    func response() throws(Problem) -> Response {
        let lost = conflicts + rejected
        guard count > 0 else { throw Problem(.badRequest, "the body holds no event") }
        let status: HTTPResponse.Status
        switch (kept > 0, lost > 0) {
        case (_, false): status = .ok
        case (true, true): status = HTTPResponse.Status(code: 207, reasonPhrase: "Multi-Status")
        case (false, true): status = rejected == 0 ? .conflict : .badRequest
        }
        var body = Array("{\"accepted\":\(appended),\"conflicts\":\(conflicts),".utf8)
        if kept == 0 {
            // All of it failed: a problem as well.
            let detail =
                rejected == 0 ? "every event's id was used before for other content" : "the body holds no valid event"
            body += Array("\"detail\":\"\(detail)\",".utf8)
        }
        body += Array("\"known\":\(known),\"rejected\":\(rejected),\"results\":[".utf8)
        body += results
        body += Array("]".utf8)
        if kept == 0 {
            body += Array(
                ",\"status\":\(status.code),\"title\":\"\(status.reasonPhrase)\",\"type\":\"about:blank\"".utf8)
        }
        body += Array("}".utf8)
        return Response(
            bytes: body, status: status, contentType: kept == 0 ? "application/problem+json" : "application/json")
    }
}

extension Problem {
    func adding(_ members: [String: JSON]) -> Problem {
        var problem = self
        problem.members.merge(members) { $1 }
        return problem
    }
}

extension HTTPField.Name {
    static let ceSpecVersion = HTTPField.Name("ce-specversion")!
}
