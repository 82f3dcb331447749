import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// Events of a day long past, so that no window ends at the present; times are in seconds since it began.
enum Past {
    static let hour = 3600.0

    /// Seconds after 2020-01-01T00:00:00Z, which is 18,262 days after 1970.
    static func time(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: 18_262 * 86_400_000_000 + Int64((seconds * 1_000_000).rounded()))
    }

    static func text(_ seconds: Double) -> String { time(seconds).description }

    /// As Manila writes it: in UTC without saying so.
    static func created(_ seconds: Double) -> [String: JSON] {
        ["created_at": .string(String(text(seconds).dropLast()))]
    }

    /// The parameters of a half-open window.
    static func window(_ from: Double, _ until: Double) -> String { "from=\(text(from))&until=\(text(until))" }

    /// A server, by its number, was seen in a state.
    static func status(
        _ server: Int, _ status: String, at seconds: Double, notBefore: Double? = nil, by source: String = "/poller",
        _ more: [String: JSON] = [:]
    ) throws -> Event {
        var data = more
        data["status"] = .string(status)
        data["not_before"] = notBefore.map { .string(text($0)) }
        return try event(EventType.status, server, seconds, by: source, data)
    }

    /// Statuses of one server, one after the other; all with the same attributes.
    static func life(
        _ server: Int, _ statuses: KeyValuePairs<String, Double>, _ more: [String: JSON] = [:]
    ) throws -> [Event] {
        try statuses.map { try status(server, $0.key, at: $0.value, more) }
    }

    /// A call; `number` tells calls apart that say the same.
    static func call(
        _ server: Int?, _ operation: String, _ httpStatus: Int?, at seconds: Double, number: Int = 0,
        _ more: [String: JSON] = [:]
    ) throws -> Event {
        var data = more
        data["operation"] = .string(operation)
        data["http_status"] = httpStatus.map { .number(Double($0)) }
        return try event(EventType.call, server, seconds, by: "/gateway", number: number, data)
    }

    /// What a source says of its own watching.
    static func coverage(
        _ source: String, _ state: String, at seconds: Double, gap: (from: Double, until: Double)? = nil
    ) throws -> Event {
        var data: [String: JSON] = ["state": .string(state)]
        data["from"] = gap.map { .string(text($0.from)) }
        data["until"] = gap.map { .string(text($0.until)) }
        return try event(EventType.coverage, nil, seconds, by: source, data)
    }

    /// An event whose id is made of all that it says, so that different events never collide.
    private static func event(
        _ type: String, _ server: Int?, _ seconds: Double, by source: String, number: Int = 0, _ data: [String: JSON]
    ) throws -> Event {
        let subject = server.map { Sample.server($0).lower }
        let said = String(decoding: JSON.object(data).canonical(), as: UTF8.self)
        return try Event(
            id: "\(subject ?? "-")/\(seconds)/\(number)/\(said)", source: source, type: type, time: time(seconds),
            subject: subject, data: .object(data))
    }
}

// MARK: - Time in state

extension TestService {
    /// The answer of time in state for a window of `Past`, held against the law that `expectWhole` checks.
    func timeInState(
        _ from: Double, _ until: Double, _ more: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSON {
        let uri = "/v1/metrics/time-in-state?\(Past.window(from, until))\(more)"
        let answer = try await good(uri, sourceLocation: sourceLocation)
        let length = Past.time(until).microseconds - Past.time(from).microseconds
        let window: JSON = [
            "from": .string(Past.text(from)), "until": .string(Past.text(until)),
            "length_s": .number(Double(length) / 1e6), "is_clipped": false,
        ]
        #expect(answer["window"] == window, sourceLocation: sourceLocation)
        expectWhole(answer, sourceLocation: sourceLocation)
        return answer
    }

    /// The seconds over all statuses, unobserved and absent are the window once for each server of the group: exactly,
    /// so in microseconds.
    func expectWhole(_ answer: JSON, sourceLocation: SourceLocation = #_sourceLocation) {
        func microseconds(_ seconds: JSON?) -> Int64? { seconds?.number.map { Int64(($0 * 1e6).rounded()) } }
        func moment(_ name: String) -> Int64? {
            answer["window"]?[name]?.string.flatMap { Timestamp($0) }?.microseconds
        }
        guard let from = moment("from"), let until = moment("until") else {
            Issue.record("the answer has no window", sourceLocation: sourceLocation)
            return
        }
        for group in answer["groups"]?.array ?? [] {
            let statuses = group["statuses"]?.column("total_s") ?? []
            let parts = (statuses + [group["unobserved_s"] ?? .null, group["absent_s"] ?? .null]).map(microseconds)
            #expect(parts.allSatisfy { $0.map { $0 >= 0 } ?? false }, "\(group)", sourceLocation: sourceLocation)
            let whole = (until - from) * Int64(group["servers"]?.int ?? -1)
            #expect(parts.reduce(0) { $0 + ($1 ?? 0) } == whole, "\(group)", sourceLocation: sourceLocation)
            #expect(microseconds(group["window_s"]) == whole, "\(group)", sourceLocation: sourceLocation)
        }
    }
}

extension JSON {
    /// The group of an answer with this name, or, where it is null, the one without.
    func group(_ name: JSON = "fleet") -> JSON? { self["groups"]?.array?.first { $0["group"] == name } }

    /// A status of a group of time in state.
    func status(_ name: String) -> JSON? { self["statuses"]?.array?.first { $0["status"]?.string == name } }

    /// The seconds of every status of a group; unobserved and absent beside them where there are any.
    var seconds: [String: Double] {
        var seconds: [String: Double] = [:]
        for status in self["statuses"]?.array ?? [] where status["total_s"] != 0 {
            seconds[status["status"]?.string ?? "?"] = status["total_s"]?.number
        }
        for name in ["unobserved", "absent"] where self[name + "_s"] != 0 {
            seconds[name] = self[name + "_s"]?.number
        }
        return seconds
    }

    /// Whether it is a number that differs by less than a billionth of it.
    func isClose(to expected: Double) -> Bool { number.map { abs($0 - expected) <= 1e-9 * abs(expected) } ?? false }
}
