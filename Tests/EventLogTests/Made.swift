import Crypto
import FoundationEssentials
import Postgres
import ShareServers

/// Events for tests, and servers whose lane is known.
enum Made {
    /// When the first of them happened.
    static let start = Timestamp("2026-11-23T09:55:14.984208Z")!

    /// The event of a number: in turn a call that reads, a call that fails, and a sighting. Calls and sightings
    /// together fill every index column.
    static func event(_ number: Int, of server: UUID?, source: String = "/test") throws -> Event {
        let isCall = number % 3 < 2
        var data: JSON
        if isCall {
            data = [
                "operation": number % 3 == 0 ? "show" : "migration_start", "method": "GET",
                "http_status": number % 3 == 0 ? 200 : 409, "request_id": "req-\(number)",
                "actor": ["user_id": "user-\(number % 5)", "project_id": "project-\(number % 7)"],
                "request": ["share_server": ["host": "lab@alpha"]],
            ]
        } else {
            data = ["status": "active", "host": "lab@alpha", "project_id": "project-\(number % 7)"]
        }
        return try Event(
            id: "e-\(number)", source: source, type: isCall ? EventType.call : EventType.status,
            time: start.advanced(by: .seconds(number)), subject: server?.uuidString.lowercased(), data: data)
    }

    static func events(_ numbers: Range<Int>, of server: UUID?, source: String = "/test") throws -> [Event] {
        try numbers.map { try event($0, of: server, source: source) }
    }

    /// An event that says nothing but a word, of the same identity as others of its number.
    static func word(_ word: String, _ number: Int, of server: UUID? = nil) throws -> Event {
        try Event(
            id: "w-\(number)", source: "/test", type: EventType.backendDetails, time: start,
            subject: server?.uuidString.lowercased(), data: ["details": ["word": .string(word)]])
    }

    static func server(_ number: Int) -> UUID {
        let digits = String(number, radix: 16)
        return UUID(uuidString: "6e2b3c5a-1f10-4f4e-9d21-" + String(repeating: "0", count: 12 - digits.count) + digits)!
    }

    /// The lane that the design gives a server: the beginning of the SHA-256 of its 16 bytes, modulo the lanes.
    static func lane(of server: UUID, lanes: Int16) -> Int16 {
        let digest = withUnsafeBytes(of: server.uuid) { Array(SHA256.hash(data: $0)) }
        let first = digest[0..<4].reduce(0) { $0 * 256 + Int($1) }
        return Int16(first % Int(lanes))
    }

    /// The first server of a lane.
    static func server(inLane lane: Int16, of lanes: Int16) -> UUID {
        (0...).lazy.map(server).first { self.lane(of: $0, lanes: lanes) == lane }!
    }

    /// Events of as many servers as there are lanes, one server a lane, in turn.
    static func events(_ numbers: Range<Int>, inAll lanes: Int16, source: String = "/test") throws -> [Event] {
        let servers = (0..<lanes).map { server(inLane: $0, of: lanes) }
        return try numbers.map { try event($0, of: servers[$0 / 3 % servers.count], source: source) }
    }

    /// An event as its source wrote it.
    static func read(_ text: String) throws(EventError) -> Event {
        try Array(text.utf8).withUnsafeBufferPointer { bytes throws(EventError) in
            try Event(decoding: UnsafeRawBufferPointer(bytes))
        }
    }
}
