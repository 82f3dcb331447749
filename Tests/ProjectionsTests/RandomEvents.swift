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
            let coverage = EventType.coverage
            for _ in 0..<random.pick([1, 1, 9]) {
                let second = Int.random(in: 0..<9, using: &random)
                events.append(try event(of: nil, second: second))
                events.append(
                    try Event(
                        id: "c\(events.count)", source: random.pick(["/test", "/other", "/third"]), type: coverage,
                        time: Self.time(second), data: self.coverage(at: second)))
            }
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
            default: ("org.dossier.source.coverage", coverage(at: second))
            }
        let source = random.pick(["/test", "/test", "/other"])
        return try Event(
            id: "e\(count)", source: source, type: type, time: Self.time(second), subject: subject, data: data)
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

    private mutating func coverage(at second: Int) -> JSON {
        let state = random.pick(["started", "alive", "alive", "stopped", "gap", "asleep"])
        guard state == "gap" else { return ["state": .string(state)] }
        let (from, until) = (
            second - Int.random(in: 0...4, using: &random), second - Int.random(in: -2...0, using: &random)
        )
        return [
            "state": "gap", "from": .string(Self.time(from).description),
            "until": .string(Self.time(until).description),
        ]
    }

    /// Makes of a call one of few, which others tell too.
    private mutating func tellAgain(_ data: inout [String: JSON]) {
        data["request_id"] = random.pick(["req-1", "req-1", "req-2", "req-3"])
        data["method"] = random.pick(["POST", "POST", "GET", "HEAD", "DELETE", "PUT", nil])
        data["path"] = random.pick(["/v2/share-servers", "/share/v2/share-servers/?all=1", "/v2/p1/share-servers", nil])
        data["outcome"] = random.pick([nil, nil, "success", "pending"])
    }

    private mutating func call() -> JSON {
        // Changing calls that were accepted above all: they are what causes visits.
        let operation = random.chance(50) ? random.pick(["delete", "reset_status"]) : random.pick(Self.operations)
        var data: [String: JSON] = ["operation": .string(operation), "method": "POST"]
        if operation == "reset_status", random.chance(70) {
            data["request"] = ["reset_status": ["status": .string(random.pick(Self.statuses))]]
        }
        if let status = random.pick([202, 202, 200, 299, 199, 300, 302, 404, 409, 500, nil]) {
            data["http_status"] = .number(Double(status))
        }
        if random.chance(70) {
            data["duration_ms"] = .number(random.pick([0, 0.0005, 0.5, 12.345, 1000, 86_400_000, 1e12]))
        }
        if random.chance(50) {
            data["actor"] = random.pick([["user_id": "u1", "project_id": "p1"], ["user_id": "u2"]])
        }
        if random.chance(10) { data["request"] = ["share_server": ["host": "h3"]] }
        if random.chance(60) { tellAgain(&data) }
        return .object(data)
    }
}
