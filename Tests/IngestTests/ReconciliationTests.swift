import DatabaseTesting
import EventLog
import Foundation
import Postgres
import ShareServers
import Testing

@testable import Ingest

/// That Manila and the log are held against one another, and what differs is told.
@Suite(.log, .timeLimit(.minutes(20))) struct ReconciliationTests {
    private static let source = "/reconcile/one"

    private func reconcile(
        _ cloud: Cloud, scope: [String]? = nil
    ) async throws -> (found: Reconciliation, log: Log) {
        try await catchUp()
        let log = try await Log.open(url: DatabaseTrait.url)
        let manila = Manila(
            access: .keystone(await cloud.keystone(), region: "one", interface: "public", endpoint: nil),
            http: cloud.http)
        let found = try await Reconciliation.run(
            [.init(source: Self.source, manila: manila)], log: log, scope: scope, settling: .milliseconds(10))
        return (found, log)
    }

    /// What a poller saw of a fleet.
    private func poll(_ cloud: Cloud) async throws {
        try await PollerInTest.run(cloud) { test in try await test.rounds(4) }
    }

    private func told(_ found: Reconciliation) -> [String] {
        found.differences.map { difference in
            let members = difference.members.map { member in
                "\(member.name): \(member.log?.string ?? "-") → \(member.manila?.string ?? "-")"
            }
            return
                "\(difference.kind.rawValue) \(difference.server.uuidString.suffix(1)) \(members.joined(separator: ", "))"
        }
    }

    @Test("Where a poller has seen all that there is, both sides are level, and only the watching is recorded")
    func level() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(3))
            try await poll(cloud)
            let (found, log) = try await reconcile(cloud)
            #expect(found.isLevel)
            #expect(found.listed == 3)
            #expect(found.known == 3)
            #expect(found.events.map(\.type) == [EventType.coverage, EventType.coverage])
            await log.close()
        }
    }

    @Test("What nobody saw is found, recorded as seen at this moment, and level the next time")
    func differences() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(3))
            try await poll(cloud)
            await cloud.set("error", of: Recorded.id(1))
            await cloud.remove(Recorded.id(2))
            await cloud.set(servers: await cloud.servers + [Recorded.server(4, "creating")])
            let (found, log) = try await reconcile(cloud)
            #expect(
                told(found) == [
                    "differs 1 status: active → error", "missing_in_manila 2 status: active → -",
                    "missing_in_log 4 status: - → creating",
                ])
            #expect(found.unresolved.isEmpty)
            #expect(!found.isLevel)
            _ = try await log.append(found.events)
            await log.close()
            let told = try await Told.all().filter { $0.source == Self.source }
            #expect(told.compactMap(\.coverage) == ["started", "stopped"])
            #expect(told.statuses(of: 1) == ["error"])
            #expect(told.statuses(of: 2) == ["absent"])
            #expect(told.statuses(of: 4) == ["creating"])
            for told in told where told.status == "error" || told.status == "absent" {
                #expect(try #require(told.notBefore) < told.time)
            }
            let (again, log2) = try await reconcile(cloud)
            #expect(again.isLevel, "\(again.differences)")
            await log2.close()
        }
    }

    @Test("A server that no list has and that Manila will not speak of is neither gone nor level")
    func unresolved() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(2))
            try await poll(cloud)
            await cloud.remove(Recorded.id(2))
            await cloud.set(.status(500), for: "/v2/share-servers/")
            let (found, log) = try await reconcile(cloud)
            #expect(found.differences.isEmpty)
            #expect(found.unresolved.count == 1)
            #expect(!found.isLevel)
            #expect(!found.events.contains { $0.type == EventType.status })
            await log.close()
        }
    }

    @Test("Servers that other sources told of are left alone where a source is named")
    func scope() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(2))
            try await poll(cloud)
            await cloud.set(servers: [])
            let (elsewhere, log) = try await reconcile(cloud, scope: ["/poller/two"])
            #expect(elsewhere.isLevel)
            #expect(elsewhere.known == 0)
            await log.close()
            let (here, log2) = try await reconcile(cloud, scope: ["/poller/one"])
            #expect(here.differences.map(\.kind) == [.missingInManila, .missingInManila])
            await log2.close()
        }
    }

    @Test("A Manila that does not answer, or not what it should, is an error and nobody's absence")
    func away() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(2))
            try await poll(cloud)
            for fault in [Cloud.Fault.status(503), .body("{}"), .body(#"{"share_servers": [1]}"#)] {
                await cloud.set(fault, for: "/v2/share-servers")
                await #expect(throws: IngestError.self) { try await reconcile(cloud) }
            }
        }
    }
}
