import FoundationEssentials
import Postgres
import ShareServers

/// Events for tests.
enum Sample {
    static let alpha = server(1)
    static let beta = server(2)

    /// UUIDs in the order of their numbers.
    static func server(_ number: Int) -> UUID {
        let digits = String(number, radix: 16)
        return UUID(uuidString: "10000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits)!
    }

    /// Seconds after 2026-11-23T09:00:00Z.
    static func time(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: 1_795_424_400_000_000 + Int64((seconds * 1_000_000).rounded()))
    }

    static func text(_ seconds: Double) -> String { time(seconds).description }

    /// A server was seen in a state.
    static func status(
        _ server: UUID, _ status: String, at seconds: Double, notBefore: Double? = nil, _ more: [String: JSON] = [:]
    ) throws -> Event {
        var data = more
        data["status"] = .string(status)
        data["not_before"] = notBefore.map { .string(text($0)) }
        return try event(EventType.status, server, seconds, .object(data))
    }

    /// A call.
    static func call(
        _ server: UUID?, _ operation: String, _ httpStatus: Int, at seconds: Double, _ more: [String: JSON] = [:]
    ) throws -> Event {
        var data = more
        data["operation"] = .string(operation)
        data["http_status"] = .number(Double(httpStatus))
        return try event(EventType.call, server, seconds, .object(data))
    }

    static func details(_ server: UUID, _ details: JSON, at seconds: Double) throws -> Event {
        try event(EventType.backendDetails, server, seconds, ["details": details])
    }

    static func coverage(at seconds: Double) throws -> Event {
        try event(EventType.coverage, nil, seconds, ["state": "started"])
    }

    /// An event whose id is made of all that it says, so that different events never collide.
    private static func event(_ type: String, _ server: UUID?, _ seconds: Double, _ data: JSON) throws -> Event {
        let subject = server?.lower
        let id = "\(type.split(separator: ".").last ?? "")/\(subject ?? "-")/\(seconds)/"
        return try Event(
            id: id + String(decoding: data.canonical(), as: UTF8.self), source: "/test", type: type,
            time: time(seconds), subject: subject, data: data)
    }

    /// One server's life, by hand: made, in use, failed, and not to be deleted. Its positions are its order.
    static func life(of server: UUID) throws -> [Event] {
        [
            try call(
                server, "manage", 202, at: 0,
                ["request_id": "req-manage", "actor": ["user_id": "alice", "project_id": "admin"]]),
            try status(
                server, "creating", at: 1,
                ["host": "lab@alpha", "project_id": "p1", "share_network_id": "n1", "task_state": .null]),
            try status(server, "active", at: 5, notBefore: 4, ["identifier": "backend-7"]),
            try call(server, "show", 200, at: 6, ["request_id": "req-show"]),
            try details(server, ["ip": "10.0.0.1"], at: 7),
            try call(
                server, "reset_status", 202, at: 10,
                ["request_id": "req-reset", "actor": ["user_id": "bob", "project_id": "admin"]]),
            try status(server, "error", at: 11.5, notBefore: 9, ["host": "lab@beta"]),
            try call(
                server, "delete", 409, at: 20,
                [
                    "request_id": "req-delete", "actor": ["user_id": "bob", "user_name": "Bob"],
                    "fault": ["code": 409, "message": "in use"],
                ]),
        ]
    }
}

extension UUID {
    /// As OpenStack writes it.
    var lower: String { uuidString.lowercased() }
}

extension Event {
    /// As a source sends it.
    var text: String { String(decoding: canonical, as: UTF8.self) }
    var json: JSON { (try? JSON(parsing: canonical)) ?? .null }
}

extension String {
    /// Every byte but letters and digits escaped. Source: RFC 3986, section 2.1.
    var escaped: String {
        var escaped = ""
        for byte in utf8 {
            let character = Character(Unicode.Scalar(byte))
            if byte < 0x80, character.isLetter || character.isNumber {
                escaped.append(character)
            } else {
                escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return escaped
    }
}
