import DatabaseTesting
import EventLog
import Foundation
import Ingest
import Logging
import Postgres
import Projections
import Queries
import ServiceLifecycle
import ShareServers
import Testing

/// Share servers as Manila lists them, out of what was recorded of the real one.
enum Recorded {
    /// The first show of the recorded server `8c041935…`, without what a list leaves out.
    static let server: [String: JSON] = [
        "id": "8c041935-231e-405a-a0d2-d5b0acdceb46", "project_id": "5082bb060a284fc895e6bf567a48f40f",
        "updated_at": "2026-11-23T09:55:16.417345", "status": "creating", "host": "lab@alpha",
        "share_network_name": "n1-1d6a0b", "share_network_id": "92f508a3-27c1-454b-8573-0e36ca481975",
        "is_auto_deletable": true, "identifier": nil, "task_state": nil, "source_share_server_id": nil,
        "security_service_update_support": true,
        "share_network_subnet_ids": ["79cb0a80-4a05-4a4c-aba7-a5ffb6497887"],
        "network_allocation_update_support": true, "encryption_key_ref": nil,
    ]

    static func id(_ number: Int) -> String {
        let digits = String(number)
        return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    static func server(_ number: Int, _ status: String = "active") -> [String: JSON] {
        server.merging(["id": .string(id(number)), "status": .string(status)]) { $1 }
    }

    static func servers(_ count: Int) -> [[String: JSON]] { (1...count).map { server($0) } }
}

/// A poller over a test's database and a cloud.
struct PollerInTest {
    let poller: Poller
    let log: Log
    let cloud: Cloud

    static let source = "/poller/one"

    static let fast = Pace(
        interval: .milliseconds(40), longest: .milliseconds(200), heartbeat: .milliseconds(100),
        standby: .milliseconds(50))

    static func make(
        _ cloud: Cloud, pace: Pace = fast, patience: Duration = .seconds(5), source: String = source
    ) async throws -> PollerInTest {
        let log = try await Log.open(url: DatabaseTrait.url, patience: .milliseconds(200))
        let manila = Manila(
            access: .keystone(await cloud.keystone(), region: "one", interface: "public", endpoint: nil),
            http: cloud.http, patience: patience)
        let poller = Poller(
            source: source, manila: manila, log: log, databaseURL: DatabaseTrait.url, pace: pace, logger: Cloud.quiet)
        return PollerInTest(poller: poller, log: log, cloud: cloud)
    }

    /// Polls while `body` runs, then ends it in order, or as if it had been killed.
    static func run(
        _ cloud: Cloud, pace: Pace = fast, patience: Duration = .seconds(5), killed: Bool = false,
        _ body: (PollerInTest) async throws -> Void
    ) async throws {
        let test = try await make(cloud, pace: pace, patience: patience)
        let result: Result<Void, any Error>
        let work = Task { try await test.poller.run() }
        do {
            result = .success(try await body(test))
        } catch {
            result = .failure(error)
        }
        // What is closed takes no goodbye.
        if killed { await test.log.close() }
        work.cancel()
        _ = try? await work.value
        await test.log.close()
        try result.get()
    }

    /// Waits until so many more lists have been read.
    func rounds(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let wanted = poller.tally.counts.rounds + count
        try await until("\(count) rounds", sourceLocation) { $0.rounds >= wanted }
    }

    func until(
        _ what: String, _ sourceLocation: SourceLocation = #_sourceLocation, _ isSo: (Poller.Tally.Counts) -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(600)
        while !isSo(poller.tally.counts) {
            guard .now < deadline else {
                Issue.record("waited in vain for \(what): \(poller.tally.counts)", sourceLocation: sourceLocation)
                throw CancellationError()
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// What stands in the log, in the order of position.
struct Told {
    let type: String
    let subject: String?
    let source: String
    let time: Timestamp
    let data: JSON

    static func all() async throws -> [Told] {
        try await TestLog.open().entries().map { entry in
            let body = try JSON(parsing: entry.body)
            return Told(
                type: entry.type, subject: body["subject"]?.string, source: body["source"]?.string ?? "",
                time: try #require(Timestamp(body["time"]?.string ?? "")), data: body["data"] ?? .null)
        }
    }

    var status: String? { type == EventType.status ? data["status"]?.string : nil }
    var coverage: String? { type == EventType.coverage ? data["state"]?.string : nil }
    var notBefore: Timestamp? { data["not_before"]?.string.flatMap { Timestamp($0) } }
}

extension [Told] {
    /// The statuses of a server, in their order.
    func statuses(of number: Int) -> [String] {
        filter { $0.subject == Recorded.id(number) }.compactMap(\.status)
    }
    var coverage: [String] { compactMap(\.coverage) }
    var withoutCoverage: [Told] { filter { $0.coverage == nil } }
}

/// Brings the projections level with the log.
func catchUp() async throws {
    let runner = ProjectionRunner(url: DatabaseTrait.url, logger: Cloud.quiet)
    let work = Task { try await runner.run() }
    let pool = Pool(url: DatabaseTrait.url, limit: 1, setup: ["SET ROLE dossier_reader"])
    let names = Projection.all.map(\.name)
    let deadline = ContinuousClock.now + .seconds(600)
    while .now < deadline {
        let lanes = try await pool.fetchAll(Queries.Projections.fetchProgress(projections: names))
        if lanes.allSatisfy({ $0.position == $0.size }) { break }
        try await Task.sleep(for: .milliseconds(5))
    }
    work.cancel()
    _ = try? await work.value
    await pool.close()
}
