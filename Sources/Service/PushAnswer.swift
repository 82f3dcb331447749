import EventLog
import HTTPTypes
import Hummingbird
import Ingest
import ShareServers

/// Gathers what became of pushed events, with bounds.
struct PushAnswer {
    /// Outcomes told one by one; beyond them only what was not kept.
    private static let told = 10_000

    private(set) var appended = 0
    private(set) var known = 0
    private(set) var conflicts = 0
    private(set) var rejected = 0
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

    /// - Parameter isBatch: Whether the body was an array, which may be empty.
    ///   Source: CloudEvents, JSON event format 1.0, section 4.1.
    func response(isBatch: Bool) throws(Problem) -> Response {
        let lost = conflicts + rejected
        guard count > 0 || isBatch else { throw Problem(.badRequest, "the body holds no event") }
        let isProblem = kept == 0 && lost > 0
        let status: HTTPResponse.Status
        switch (kept > 0, lost > 0) {
        case (_, false): status = .ok
        case (true, true): status = HTTPResponse.Status(code: 207, reasonPhrase: "Multi-Status")
        case (false, true): status = rejected == 0 ? .conflict : .badRequest
        }
        var body = Array("{\"accepted\":\(appended),\"conflicts\":\(conflicts),".utf8)
        if isProblem {
            // All of it failed: a problem as well.
            let detail =
                rejected == 0 ? "every event's id was used before for other content" : "the body holds no valid event"
            body += Array("\"detail\":\"\(detail)\",".utf8)
        }
        body += Array("\"known\":\(known),\"rejected\":\(rejected),\"results\":[".utf8)
        body += results
        body += Array("]".utf8)
        if isProblem {
            body += Array(
                ",\"status\":\(status.code),\"title\":\"\(status.reasonPhrase)\",\"type\":\"about:blank\"".utf8)
        }
        body += Array("}".utf8)
        return Response(
            bytes: body, status: status, contentType: isProblem ? "application/problem+json" : "application/json")
    }
}
