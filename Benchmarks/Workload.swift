import Foundation

/// Share-server traffic as it would be recorded: deterministic by seed, in order of time, 600 to 1,000 bytes an event.
///
/// Three calls of four read (polls of a dashboard), one of sixteen changes, the rest are sightings of a status; the
/// members are those that a real Manila's traffic has.
struct Workload {
    private var state: UInt64
    private var moment: Int64 = 1_700_000_000_000_000
    private var count = 0
    private let servers: [String]

    init(seed: UInt64, servers: Int = 2_000) {
        var state = seed
        self.servers = (0..<servers).map { _ in Self.uuid(Self.next(&state), Self.next(&state)) }
        self.state = state
    }

    /// SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
    private static func next(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private static func uuid(_ high: UInt64, _ low: UInt64) -> String {
        let hex = { (value: UInt64, digits: Int) in
            let text = String(value, radix: 16)
            return String(repeating: "0", count: max(0, digits - text.count)) + text.suffix(digits)
        }
        return [
            hex(high >> 32, 8), hex(high >> 16 & 0xFFFF, 4), "4" + hex(high & 0xFFF, 3),
            hex(0x8000 | low >> 48 & 0x3FFF, 4), hex(low & 0xFFFF_FFFF_FFFF, 12),
        ].joined(separator: "-")
    }

    private static let statuses = ["active", "active", "active", "error", "creating", "server_migrating", "deleting"]

    /// The next event as one line of NDJSON without its line feed, its members in no particular order.
    mutating func nextEvent() -> String {
        count += 1
        moment += 1000 + Int64(Self.next(&state) % 100_000)
        let server = servers[Int(Self.next(&state) % UInt64(servers.count))]
        let request = Self.uuid(Self.next(&state), Self.next(&state))
        let host = "cluster@backend\(Self.next(&state) % 16)"
        let project =
            String(repeating: "0", count: 16) + String(0x5082_BB06_0A28_4FC8 &+ Self.next(&state) % 64, radix: 16)
        let time = Self.text(moment)
        let head = """
            {"specversion":"1.0","id":"\(request)","source":"https://manila.example.org/v2","time":"\(time)",\
            "subject":"\(server)",
            """.replacingOccurrences(of: "\n", with: "")
        let kind = Self.next(&state) % 16
        if kind < 3 {
            let status = Self.statuses[Int(Self.next(&state) % UInt64(Self.statuses.count))]
            return head + """
                "type":"org.openstack.manila.share_server.status","data":{"status":"\(status)","host":"\(host)",\
                "project_id":"\(project)","share_network_id":"\(request)","share_network_name":"net-\(kind)",\
                "share_network_subnet_ids":["\(server)"],"identifier":"\(server)","is_auto_deletable":true,\
                "task_state":null,"source_share_server_id":null,"created_at":"2026-11-23T09:55:17.609475Z",\
                "updated_at":"\(time)"}}
                """
        }
        let operation = kind < 15 ? "show" : "reset_status"
        let change = kind < 15 ? "" : #""request":{"reset_status":{"status":"active"}},"response":null,"#
        return head + """
            "type":"org.openstack.manila.share_server.call","data":{"operation":"\(operation)",\
            "method":"\(kind < 15 ? "GET" : "POST")","path":"/v2/share-servers/\(server)\(kind < 15 ? "" : "/action")",\
            "http_status":\(kind < 15 ? 200 : 202),"microversion":"2.99","request_id":"req-\(request)",\
            "actor":{"user_id":"u-\(Self.next(&state) % 200)","user_name":"operator","project_id":"\(project)",\
            "roles":["admin","member","reader"]},"remote_address":"192.0.2.\(Self.next(&state) % 256)",\(change)\
            "duration_ms":\(Double(Self.next(&state) % 90_000) / 1000)}}
            """
    }

    private static func text(_ microseconds: Int64) -> String {
        var seconds = time_t(microseconds / 1_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(
            format: "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
            parts.tm_hour, parts.tm_min, parts.tm_sec, Int(microseconds % 1_000_000))
    }

    /// Writes `events` lines to a file.
    mutating func write(_ events: Int, to path: String) throws {
        guard let file = fopen(path, "w") else { throw BenchmarkFault("cannot write \(path)") }
        defer { fclose(file) }
        for _ in 0..<events { fputs(nextEvent() + "\n", file) }
    }
}

/// Why a benchmark could not be run.
struct BenchmarkFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
