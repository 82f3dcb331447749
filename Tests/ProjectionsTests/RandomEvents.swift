import FoundationEssentials
import Postgres
import ShareServers

/// Random events of share servers: few servers and few times, so that entries meet in every way.
struct RandomEvents {
    var random: SplitMix
    private var count = 0

    static let start = Timestamp("2026-09-01T00:00:00Z")!
    private static let statuses = [
        "active", "active", "error", "creating", "deleting", "manage_error", "xerror", "network_change", "absent",
        "of the future",
    ]
    private static let operations = Operation.allCases.map(\.rawValue) + ["reboot"]

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    /// How the times of a server's events are drawn.
    enum Times {
        /// Out of so many seconds, several events at a time among them.
        case few(Int)
        /// No two of the same time.
        case distinct
    }

    /// A server's id. Not all random, so that the order of ids has something to say.
    mutating func server() -> UUID {
        let bytes = random.next()
        return UUID(
            uuidString: "00000000-0000-4000-8000-0000" + String(bytes & 0xFFFF_FFFF | 1 << 32, radix: 16).suffix(8))!
    }

    /// Histories of `servers` servers, at most `length` events each, in a random order of arrival; now and then an
    /// event comes twice, one names no server, and one is of a type that nobody knows.
    mutating func log(servers: Int, length: Int, times: Times) throws -> [Event] {
        var events: [Event] = []
        for _ in 0..<servers {
            let server = server()
            let span = if case .few(let seconds) = times { random.pick([seconds, seconds, 3 * seconds, 1]) } else { 0 }
            let range = if case .few = times { 0..<span } else { 0..<1_000_000_000 }
            for _ in 0..<Int.random(in: 1...length, using: &random) {
                events.append(try event(of: server, second: Int.random(in: range, using: &random)))
            }
        }
        for _ in 0...servers / 8 {
            events.append(try event(of: nil, second: Int.random(in: 0..<4, using: &random)))
            events.append(random.pick(events))
        }
        events.shuffle(using: &random)
        return events
    }

    mutating func event(of server: UUID?, second: Int) throws -> Event {
        count += 1
        let subject = server?.uuidString.lowercased()
        let prefix = "org.openstack.manila.share_server."
        let (type, data): (String, JSON) =
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<55: (prefix + "status", status(at: second))
            case 55..<82: (prefix + "call", call())
            case 82..<92: (prefix + "backend_details", ["details": ["mtu": .number(Double(count))]])
            // A call's members in events that are none must not be taken for one.
            case 92..<95: (prefix + "quota", ["operation": "delete", "http_status": 202, "status": "error"])
            case 95..<97: ("com.example.share_server.status", ["status": "error"])
            default: ("org.dossier.source.coverage", ["state": "alive"])
            }
        return try Event(
            id: "e\(count)", source: "/test", type: type, time: Self.time(second), subject: subject, data: data)
    }

    static func time(_ second: Int) -> Timestamp { start.advanced(by: .seconds(second)) }

    private mutating func status(at second: Int) -> JSON {
        var data: [String: JSON] = [:]
        if random.chance(85) { data["status"] = .string(random.pick(Self.statuses)) }
        if random.chance(5) { data["status"] = .null }
        if random.chance(40) { data["host"] = random.pick(["h1", "h2", nil]) }
        if random.chance(30) { data["project_id"] = random.pick(["p1", "p2", nil]) }
        if random.chance(20) { data["share_network_id"] = random.pick(["n1", "n2", nil]) }
        if random.chance(30) { data["task_state"] = random.pick(["migration_in_progress", nil]) }
        if random.chance(10) { data["share_network_subnet_ids"] = ["s1", .string("s\(count)")] }
        if random.chance(5) { data["is_auto_deletable"] = .bool(random.chance(50)) }
        if random.chance(30) {
            let time = Self.time(second - Int.random(in: 0...3, using: &random))
            data["not_before"] = .string(time.description)
        }
        return .object(data)
    }

    private mutating func call() -> JSON {
        // Changing calls that were accepted above all: they are what causes visits.
        let operation = random.chance(50) ? random.pick(["delete", "reset_status"]) : random.pick(Self.operations)
        var data: [String: JSON] = ["operation": .string(operation), "method": "POST"]
        if let status = random.pick([202, 202, 200, 299, 199, 300, 302, 404, 409, 500, nil]) {
            data["http_status"] = .number(Double(status))
        }
        return .object(data)
    }
}
