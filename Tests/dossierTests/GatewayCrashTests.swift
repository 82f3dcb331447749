import AsyncHTTPClient
import DatabaseTesting
import Foundation
import NIOCore
import NIOHTTP1
import Postgres
import Schema
import ShareServers
import Synchronization
import Testing

/// What a gateway had let pass when it was killed.
@Suite(.timeLimit(.minutes(20))) struct GatewayCrashTests {
    @Test("A call that was under way when the gateway was killed is shown as of unknown outcome", .log)
    func unknown() async throws {
        let database = DatabaseTrait.url
        try await withDirectory { directory in
            try await RunningGateway.withClient { client in
                try await SlowManila.with(answers: false) { manila, upstream in
                    let first = try await RunningGateway.start(database, upstream, directory + "/spool")
                    let asking = Task { try await first.delete(client) }
                    while manila.count == 0 { try await Task.sleep(for: .milliseconds(10)) }
                    #expect(try await first.program.end(SIGKILL) == 128 + SIGKILL)
                    await #expect(throws: (any Error).self) { try await asking.value }
                    let second = try await RunningGateway.start(database, upstream, directory + "/spool")
                    let calls = "SELECT body FROM dossier.entries WHERE operation = 'delete'"
                    try await wait(for: "the call") { try await !StoredLog(url: database).texts(calls).isEmpty }
                    #expect(try await StoredLog(url: database).texts(calls).count == 1)
                    #expect(
                        try await second.metrics(client).contains("dossier_gateway_unknown_outcomes_total 1\n")
                    )
                    #expect(try await second.program.end(SIGTERM) == 0)
                }
            }
            let serve = try await RunningProgram.start(
                ["serve", "--database", database, "--listen", "127.0.0.1:0"], ready: "answers at")
            let url = try #require(serve.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)?.0)
            var history = try await Program.run(["history", RunningGateway.server, "--url", String(url)])
            for _ in 0..<100 where history.status != 0 {
                try await Task.sleep(for: .milliseconds(100))
                history = try await Program.run(["history", RunningGateway.server, "--url", String(url)])
            }
            #expect(
                history.output.contains("? delete by alice → outcome unknown"), "\(history.output)\(history.errors)")
            #expect(try await serve.end(SIGTERM) == 0)
        }
    }

    @Test("A second gateway with the source of one that runs does not start, and says why", .log)
    func second() async throws {
        let database = DatabaseTrait.url
        try await withDirectory { directory in
            try await SlowManila.with { _, upstream in
                let first = try await RunningGateway.start(database, upstream, directory + "/one")
                let second = try await Program.run([
                    "gateway", "--database", database, "--upstream", upstream, "--spool", directory + "/other",
                    "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--source", "/gateway/test",
                ])
                #expect(second.status == 1 && second.output.isEmpty, "\(second)")
                #expect(second.errors.contains("'/gateway/test'") && second.errors.contains("--source"), "\(second)")
                #expect(try await first.program.end(SIGTERM) == 0)
            }
        }
    }

    @Test(
        "Every call that was answered while PostgreSQL was away is in the log once, however often the gateway was killed"
    )
    func spooled() async throws {
        try await withDirectory { directory in
            let cluster = try await Cluster(directory + "/pg")
            try await Migration.migrate(url: cluster.url)
            try await RunningGateway.withClient { client in
                try await SlowManila.with { manila, upstream in
                    var running = try await RunningGateway.start(cluster.url, upstream, directory + "/spool")
                    #expect(try await running.delete(client).status == 202)
                    await cluster.kill()
                    let answered = Answered()
                    for round in 0..<5 {
                        let gateway = running
                        let asking = Task {
                            await withTaskGroup(of: Void.self) { group in
                                for _ in 0..<4 { group.addTask { await answered.ask(gateway, client) } }
                            }
                        }
                        // Enough answers first, however slow the machine; then a moment that no answer chooses.
                        let deadline = ContinuousClock.now + .seconds(600)
                        while answered.ids.withLock({ $0.count }) < 12 * (round + 1), ContinuousClock.now < deadline {
                            try await Task.sleep(for: .milliseconds(20))
                        }
                        try await Task.sleep(for: .milliseconds(30 * round))
                        #expect(try await running.program.end(SIGKILL) == 128 + SIGKILL)
                        asking.cancel()
                        await asking.value
                        running = try await RunningGateway.start(cluster.url, upstream, directory + "/spool")
                    }
                    #expect(
                        try await running.metrics(client).contains(
                            "dossier_recorder_destination{to=\"spool\"} 1"))
                    try await cluster.restart()
                    try await running.recordsDirectly(client)
                    let ids = answered.ids.withLock { $0 }
                    #expect(ids.count > 50)
                    try await StoredLog(url: cluster.url).expectCalls(ids, passedOn: manila.count)
                    #expect(try await running.program.end(SIGTERM) == 0)
                }
            }
            let verify = try await Program.run(["verify", "--database", cluster.url])
            #expect(verify.status == 0, "\(verify.output)\(verify.errors)")
            await cluster.stop()
        }
    }
}
