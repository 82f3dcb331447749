import DatabaseTesting
import EmbeddedPostgres
import EventLog
import Foundation
import Postgres
import ShareServers
import Testing

@testable import Projections

/// A PostgreSQL of the test's own, which it kills.
@Suite struct RestartTests {
    @Test func aRunnerGoesOnAfterItsServerWasKilled() async throws {
        let directory = try TestServer.temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let cluster = directory + "/cluster"
        var server = try await EmbeddedPostgres.start(directory: cluster)
        var log = try await TestLog.open(lanes: 4, url: server.url())
        let runner = log.runner
        let running = Task { try await runner.run() }
        var events = RandomEvents(seed: 20_260_903)
        for _ in 0..<2 {
            // Killed while it applies as well as while it waits.
            try await log.append(events.log(servers: 40, length: 10, times: .few(6)))
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...60, using: &events.random)))
            #expect(kill(server.processID, SIGKILL) == 0)
            await server.stop()
            server = try await restarted(cluster)
            try await log.append(events.log(servers: 10, length: 10, times: .few(6)))
            try await log.waitUntilLevel(within: .seconds(600))
            #expect(try await log.disagreements() == [])
        }
        running.cancel()
        try await running.value
        await log.log.close()
        await server.stop()
    }

    /// The cluster again, once the sessions of the killed server have noticed and let go of it.
    private func restarted(_ cluster: String) async throws -> EmbeddedPostgres {
        var attempts = 0
        while true {
            do throws(EmbeddedPostgresError) {
                return try await EmbeddedPostgres.start(directory: cluster)
            } catch {
                attempts += 1
                guard attempts < 20 else { throw error }
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }
}
