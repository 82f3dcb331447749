import FoundationEssentials
import Postgres
import ShareServers

/// One event of an example, of the one server that it is about.
struct Happening {
    let second: Int
    let type: String
    let data: [String: JSON]

    static let server = UUID(uuidString: "6e2b3c5a-1f10-4f4e-9d21-8c1f6a0b7d33")!
    private static let start: Int64 = 1_790_000_000_000_000

    static func time(_ second: Int) -> Timestamp { Timestamp(microseconds: start + Int64(second) * 1_000_000) }
    static func second(_ time: Timestamp) -> Int { Int((time.microseconds - start) / 1_000_000) }

    static func seen(_ second: Int, _ data: [String: JSON]) -> Happening {
        Happening(second: second, type: EventType.status, data: data)
    }

    static func status(_ status: String, _ second: Int, notBefore: Int? = nil) -> Happening {
        var data: [String: JSON] = ["status": .string(status)]
        if let notBefore { data["not_before"] = .string(time(notBefore).description) }
        return seen(second, data)
    }

    static func call(_ operation: String, _ second: Int, _ httpStatus: Int?) -> Happening {
        var data: [String: JSON] = ["operation": .string(operation)]
        if let httpStatus { data["http_status"] = .number(Double(httpStatus)) }
        return Happening(second: second, type: EventType.call, data: data)
    }

    static func details(_ second: Int) -> Happening {
        Happening(second: second, type: EventType.backendDetails, data: ["details": ["shown": .number(Double(second))]])
    }

    func event(id: String) throws -> Event {
        try Event(
            id: id, source: "/example", type: type, time: Self.time(second),
            subject: Self.server.uuidString.lowercased(), data: .object(data))
    }
}
