import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import Schema
import ShareServers

/// A log in the running test's database, with a superuser's connection beside it.
struct LogInTest {
    let url: String
    let log: Log
    let lanes: Int16

    /// - Parameter partitionEntries: The smallest that there may be, so that few entries need several partitions.
    static func open(lanes: Int16 = 1, partitionEntries: Int64 = 1000) async throws -> LogInTest {
        let url = DatabaseTrait.url
        try await Migration.migrate(url: url, lanes: lanes, partitionEntries: partitionEntries)
        let log = try await Log.open(url: url, patience: .seconds(60))
        return LogInTest(url: url, log: log, lanes: lanes)
    }

    /// Statements as the superuser that owns everything, triggers off: what only an attacker does.
    func tamper(_ statements: String) async throws {
        try await asSuperuser("SET session_replication_role = replica; " + statements)
    }

    func asSuperuser(_ statements: String) async throws {
        let connection = try await Connection.open(url)
        defer { Task { await connection.close() } }
        try await connection.run { try $0.execute(statements) }
    }

    /// The rows of one column of text.
    func texts(_ sql: String) async throws -> [String] {
        try await DatabaseTesting.texts(sql, of: url)
    }

    /// The bodies of a lane in order.
    func bodies(_ lane: Int16) async throws -> [String] {
        try await texts("SELECT body FROM dossier.entries WHERE lane = \(lane) ORDER BY position")
    }

    /// Where the entries of all lanes stand, as `lane/position`.
    func places() async throws -> [String] {
        try await texts("SELECT lane || '/' || position FROM dossier.entries ORDER BY lane, position")
    }

    func verify() async throws -> [Verification] {
        let pool = Pool(url: url, limit: 1)
        var all: [Verification] = []
        for lane in 0..<lanes { all.append(try await Verification.verify(lane: Lane(lane), pool: pool)) }
        await pool.close()
        return all
    }

    /// The one fault of a log of one lane.
    func fault() async throws -> Verification.Fault? { try await verify()[0].fault }
}

extension Event {
    /// A call on one of 50 servers; every index column has a value.
    static func call(_ number: Int, path: String = "/v2/share-servers") throws -> Event {
        try Event(
            id: "call-\(number)", source: "urn:test", type: "org.openstack.manila.share_server.call",
            time: Timestamp(microseconds: 1_790_000_000_000_000 + Int64(number) * 1_000_003), subject: server(number),
            data: [
                "operation": "manage", "http_status": 202, "request_id": .string("req-\(number)"),
                "path": .string(path), "actor": ["user_id": "u1", "project_id": "p1"],
                "request": ["share_server": ["host": "lab@alpha"]],
            ])
    }

    /// A sighting; the other type that fills columns.
    static func status(_ number: Int, _ status: String = "active") throws -> Event {
        try Event(
            id: "status-\(number)", source: "urn:test", type: "org.openstack.manila.share_server.status",
            time: Timestamp(microseconds: 1_790_000_000_000_000 + Int64(number) * 1_000_003), subject: server(number),
            data: ["status": .string(status), "host": "lab@beta", "project_id": "p2"])
    }

    private static func server(_ number: Int) -> String {
        "00000000-0000-4000-8000-0000000000" + (number % 50 < 10 ? "0" : "") + String(number % 50)
    }

    static func calls(_ numbers: Range<Int>) throws -> [Event] { try numbers.map { try call($0) } }
}
