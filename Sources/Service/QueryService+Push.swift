import EventLog
import HTTPTypes
import Hummingbird
import Ingest
import ShareServers

extension QueryService {
    /// `POST /v1/events`: what became of each event of the body, once all are durable.
    ///
    /// 200 where all are in the log, and for an empty batch; 207 where some are; 400 where none is because they are no
    /// events, 409 because they conflict; 408 for a body that comes in too slowly, 413 for one that is too large; 415 for
    /// another content type or encoding; 429 where too many pushes wait; 503 where the log did not take them, or not in
    /// time. After 408, 429 and 503 repeating is safe.
    @Sendable func push(_ request: Request, _ context: Context) async throws -> Response {
        var answer = PushAnswer()
        do {
            _ = try QueryParameters(request, known: [])
            let body = try pushBody(of: request)
            let isBinary = request.headers[.ceSpecVersion] != nil && !Self.isStructured(request)
            let format = isBinary ? Format.json : try Self.format(of: request)
            let isBatch = try await pushes.admit {
                let push = Push(log: log, limit: pushes.limits.events, patience: pushes.limits.logTime)
                guard isBinary else { return try await push.append(body, format: format) { answer.take($0, $1) } }
                let event = try await Self.binaryMode(request, body)
                return try await push.append(Self.single(event), format: format) { answer.take($0, $1) }
            }
            let response = try answer.response(isBatch: isBatch)
            await pushes.count(answer, response.status)
            return response
        } catch {
            var problem = Problem(error)
            if answer.kept > 0 { problem.members["settled"] = .number(Double(answer.kept)) }
            await pushes.count(answer, problem.status)
            throw problem
        }
    }

    /// The body, decompressed where it says that it is compressed.
    private func pushBody(of request: Request) throws(Problem) -> PushBody {
        let limit = pushes.limits.bytes
        // Before any of it is read.
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw Problem(IngestError.tooMuch(limit: limit, of: "bytes"))
        }
        let encoding = (request.headers[.contentEncoding] ?? "identity").trimmingBlanks
        switch encoding.lowercased() {
        case "identity": return PushBody(request.body, isGzip: false, limit: limit)
        // Source: RFC 9110, section 8.4.1.3: both are the same.
        case "gzip", "x-gzip": return PushBody(request.body, isGzip: true, limit: limit)
        default:
            var problem = Problem(
                .unsupportedMediaType,
                "content encoding '\(encoding.prefix(64))' is not taken; send gzip, or the events as they are")
            problem.headers[.acceptEncoding] = "gzip"
            throw problem
        }
    }

    private static func single(_ bytes: [UInt8]) -> AsyncStream<[UInt8]> {
        AsyncStream { continuation in
            continuation.yield(bytes)
            continuation.finish()
        }
    }

    /// The content type without its parameters, in lower case; empty where there is none.
    static func mediaType(_ request: Request) -> String {
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
}

extension HTTPField.Name {
    static let ceSpecVersion = HTTPField.Name("ce-specversion")!
}
