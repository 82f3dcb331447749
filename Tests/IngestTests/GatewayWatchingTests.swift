import DatabaseTesting
import EventLog
import HummingbirdCore
import Postgres
import ServiceLifecycle
import ShareServers
import Testing

@testable import Ingest

/// What a gateway tells of its own watching, and whom it takes a caller for by Keystone's word.
@Suite(.log, .timeLimit(.minutes(20))) struct GatewayWatchingTests {
    private static let server = "8c041935-231e-405a-a0d2-d5b0acdceb46"

    /// Runs what tells of a gateway's watching until it has told something, and ends it in order.
    private func watch(_ gateway: TestGateway) async throws {
        let before = try await states().count
        let group = ServiceGroup(services: [gateway.gateway.watching] as [any Service], logger: SpoolTests.quiet)
        let running = Task { try await group.run() }
        while try await states().count == before { try await Task.sleep(for: .milliseconds(20)) }
        await group.triggerGracefulShutdown()
        try await running.value
    }

    private func coverage() async throws -> [TestGateway.Entry] {
        try await TestGateway.entries().filter { $0.type == EventType.coverage }
    }

    private func states() async throws -> [String] { try await coverage().map { $0.data["state"]?.string ?? "" } }

    private let upstream = TestUpstream { _, _ in .manila(200, "{}") }

    @Test("A gateway says that it started and that it stopped, and ended in order it leaves no gap")
    func inOrder() async throws {
        try await TestGateway.with(upstream) { gateway in
            try await watch(gateway)
            #expect(try await states() == ["started", "stopped"])
            try await watch(gateway)
            #expect(try await states() == ["started", "stopped", "started", "stopped"])
            #expect(try await coverage().allSatisfy { $0.event["source"] == .string(TestGateway.source) })
        }
    }

    @Test("A gateway that was killed finds its gap at its next start: from its last word to then")
    func killed() async throws {
        try await TestGateway.with(upstream) { gateway in
            // What one that was killed leaves.
            let last = Timestamp.now.advanced(by: .seconds(-90))
            var former = Coverage(source: TestGateway.source, former: nil, tolerance: .seconds(60))
            try await gateway.recorder.append(try former.saw(at: last))
            try await watch(gateway)
            #expect(try await states() == ["started", "started", "gap", "stopped"])
            let entries = try await coverage()
            #expect(entries[2].data["from"] == .string(last.description))
            #expect(entries[2].data["until"] == entries[1].event["time"])
        }
    }

    @Test("Calls that passed and could not be recorded are a gap once they can be again")
    func unrecorded() async throws {
        try await TestGateway.with(upstream) { gateway in
            let group = ServiceGroup(services: [gateway.gateway.watching] as [any Service], logger: SpoolTests.quiet)
            let running = Task { try await group.run() }
            while try await states().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            gateway.gateway.tally.count(\.unrecorded)
            // It looks every five seconds.
            try await wait(for: "the gap") { try await states().count >= 2 }
            await group.triggerGracefulShutdown()
            try await running.value
            #expect(try await states() == ["started", "gap", "stopped"])
            let gap = try #require(try await coverage().dropFirst().first)
            #expect(gap.data["reason"] == "calls passed that could not be recorded")
        }
    }

    @Test("By Keystone a caller is whom it names, and nobody where it does not know the token")
    func keystone() async throws {
        try await Cloud.with { cloud in
            await cloud.admit("carols-token", user: "carol", expiresAt: Timestamp.now.advanced(by: .seconds(3600)))
            let keystone = await cloud.keystone()
            try await TestGateway.with(upstream, identification: .keystone(keystone)) { gateway in
                let path = "/v2/share-servers/\(Self.server)"
                let claim = ("X-User-Id", "mallory")
                _ = try await gateway.send("GET", path, [("X-Auth-Token", "carols-token"), claim])
                _ = try await gateway.send("GET", path, [("X-Auth-Token", "forged-token"), claim])
                _ = try await gateway.send("GET", path, [claim])
                let actors = try await TestGateway.entries().filter { $0.type == EventType.call }.map(\.data["actor"])
                #expect(
                    actors == [
                        [
                            "user_id": "carol-id", "user_name": "carol",
                            "project_id": "5082bb060a284fc895e6bf567a48f40f", "roles": ["admin", "member"],
                            "verified": true,
                        ], ["verified": false], ["verified": false],
                    ])
                let log = try await TestGateway.entries().map { String(decoding: $0.event.canonical(), as: UTF8.self) }
                #expect(!log.contains { $0.contains("carols-token") || $0.contains("mallory") })
            }
        }
    }
}
