import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Testing

@testable import Ingest

/// A gateway that records into a log of many lanes.
@Suite(.logOfLanes, .timeLimit(.minutes(20))) struct GatewayLaneTests {
    @Test("Calls of unknown outcome are marked as such in whatever lane their servers are")
    func unknownOutcome() async throws {
        let log = try await TestLog.open()
        let servers = (0..<20).map { _ in UUID().uuidString.lowercased() }
        let intents = try servers.enumerated().map { number, server in
            let exchange = Exchange(
                method: "DELETE", target: "/v2/share-servers/\(server)",
                startedAt: try #require(Timestamp("2026-11-23T10:00:00Z")), duration: .seconds(1), status: 0)
            return try #require(Call(recognising: exchange)).intent(
                of: exchange, id: "i\(number)", source: TestGateway.source,
                redaction: Redaction(key: log.log.redactionKey))
        }
        _ = try await log.log.append(intents)
        try await TestGateway.with(TestUpstream { _, _ in nil }) { _ in
            try await wait(for: "what came of all") { try await TestGateway.entries().count >= 40 }
        }
        let unknown = try await TestGateway.entries().filter { $0.data["outcome"] == "unknown" }
        #expect(Set(unknown.compactMap { $0.event["subject"]?.string }) == Set(servers))
        #expect(unknown.count == servers.count)
        // An intent names no server to the log; what came of it does, and goes to that server's lane.
        #expect(try await Set(log.entries().map(\.lane)).count > 1)
        await log.log.close()
    }
}
