import AsyncHTTPClient
import DatabaseTesting
import EventLog
import Foundation
import Hummingbird
import HummingbirdTesting
import NIOCore
import ShareServers
import Testing

@testable import Ingest

/// What a poller says of itself to those who watch it.
@Suite(.log, .timeLimit(.minutes(20))) struct PollerProbeTests {
    private func ask(_ pollers: [Poller], _ path: String) async throws -> (status: Int, body: String) {
        try await Application(router: Poller.probes(of: pollers), logger: Cloud.quiet).test(.router) { client in
            let answer = try await client.execute(uri: path, method: .get)
            return (Int(answer.status.code), String(buffer: answer.body))
        }
    }

    @Test("It is ready once it has seen, not when Manila fails time after time, and again when it answers")
    func readiness() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(3))
            let test = try await PollerInTest.make(cloud)
            let before = try await ask([test.poller], "/readyz")
            #expect(before.status == 503 && before.body.contains("\"state\":\"starting\""))
            #expect(try await ask([test.poller], "/healthz").status == 200)
            await test.log.close()
            try await PollerInTest.run(cloud) { test in
                try await test.until("a round") { $0.isReady }
                let ready = try await ask([test.poller], "/readyz")
                #expect(ready.status == 200 && ready.body.contains("\"state\":\"watching\""), "\(ready.body)")
                let metrics = try await ask([test.poller], "/metrics").body
                #expect(metrics.contains("dossier_poller_servers{source=\"/poller/one\"} 3\n"), "\(metrics)")
                #expect(metrics.contains("dossier_poller_breaker_open{source=\"/poller/one\"} 0\n"))
                let shown = try #require(metrics.firstMatch(of: /last_round_timestamp_seconds{.*} ([0-9.e+]+)\n/)?.1)
                #expect(abs(try #require(Double(shown)) - Date.now.timeIntervalSince1970) < 600)
                await cloud.set(.status(500), for: "/v2/share-servers")
                try await test.until("failures") { $0.isBreakerOpen }
                let failing = try await ask([test.poller], "/readyz")
                #expect(failing.status == 503 && failing.body.contains("not_watching"))
                let after = try await ask([test.poller], "/metrics").body
                #expect(after.contains("dossier_poller_breaker_open{source=\"/poller/one\"} 1\n"))
                let away = try #require(after.firstMatch(of: /failed_rounds_total{.*kind="away"} ([0-9]+)\n/)?.1)
                #expect(try #require(Int(away)) >= 3)
                #expect(after.contains("failed_rounds_total{source=\"/poller/one\",kind=\"denied\"} 0\n"))
                await cloud.set(nil, for: "/v2/share-servers")
                try await test.until("a round again") { $0.isReady && $0.failuresInARow == 0 }
                #expect(try await ask([test.poller], "/readyz").status == 200)
            }
        }
    }

    @Test("One that stands by is ready, and says that it does")
    func standby() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(1))
            try await PollerInTest.run(cloud) { first in
                try await first.rounds(1)
                try await PollerInTest.run(cloud) { second in
                    try await second.until("standing by") { $0.state == .standby }
                    // Whoever watches is asked now and then whether it still may, and may hear late that it does.
                    try await wait(for: "one to watch and the other to stand by") {
                        let answer = try await ask([first.poller, second.poller], "/readyz")
                        return answer.status == 200 && answer.body.contains("watching")
                            && answer.body.contains("standby")
                    }
                }
            }
        }
    }
}
