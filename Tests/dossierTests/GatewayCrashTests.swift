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

/// The request ids of calls that were answered.
private final class Answered: Sendable {
    let ids = Mutex<Set<String>>([])
}

/// What a gateway had let pass when it was killed.
@Suite(.timeLimit(.minutes(20))) struct GatewayCrashTests {
    private static let server = "8c041935-231e-405a-a0d2-d5b0acdceb46"

    private func gateway(
        _ database: String, _ upstream: String, _ spool: String
    ) async throws -> (program: RunningProgram, url: String, operations: String) {
        let program = try await RunningProgram.start(
            [
                "gateway", "--database", database, "--upstream", upstream, "--spool", spool, "--listen", "127.0.0.1:0",
                "--admin", "127.0.0.1:0", "--source", "/gateway/test", "--callers", "noauth", "--spool-reserve", "0",
            ], ready: "/metrics")
        let urls = program.output.matches(of: /http:\/\/127\.0\.0\.1:[0-9]+/).map { String($0.0) }
        return (program, try #require(urls.first), try #require(urls.last) + "/metrics")
    }

    private func withClient(_ body: (HTTPClient) async throws -> Void) async throws {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<Void, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try await client.shutdown()
        try result.get()
    }

    private func delete(_ client: HTTPClient, _ url: String) async throws -> (status: Int, requestID: String?) {
        var request = HTTPClientRequest(url: url + "/v2/share-servers/\(Self.server)")
        request.method = .DELETE
        request.headers.add(name: "X-Auth-Token", value: "alice:prod")
        let response = try await client.execute(request, timeout: .seconds(60))
        return (Int(response.status.code), response.headers.first(name: "x-openstack-request-id"))
    }

    private func text(_ client: HTTPClient, _ url: String) async throws -> String {
        let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
        return String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    private func rows(_ url: String, _ sql: String) async throws -> [String] {
        let connection = try await Connection.open(url)
        let query = Query<String>(statement: Statement(name: "rows", sql: sql)) { row throws(PostgresError) in
            try row[0]
        }
        let rows = try await connection.run { try $0.fetchAll(query) }
        await connection.close()
        return rows
    }

    @Test("A call that was under way when the gateway was killed is shown as of unknown outcome", .log)
    func unknown() async throws {
        let database = DatabaseTrait.url
        try await withDirectory { directory in
            try await withClient { client in
                try await SlowManila.with(answers: false) { manila, upstream in
                    let first = try await gateway(database, upstream, directory + "/spool")
                    let asking = Task { try await delete(client, first.url) }
                    while manila.count == 0 { try await Task.sleep(for: .milliseconds(10)) }
                    #expect(try await first.program.end(SIGKILL) == 128 + SIGKILL)
                    await #expect(throws: (any Error).self) { try await asking.value }
                    let second = try await gateway(database, upstream, directory + "/spool")
                    let calls = "SELECT body FROM dossier.entries WHERE operation = 'delete'"
                    let deadline = ContinuousClock.now + .seconds(30)
                    while try await rows(database, calls).isEmpty, ContinuousClock.now < deadline {
                        try await Task.sleep(for: .milliseconds(50))
                    }
                    #expect(try await rows(database, calls).count == 1)
                    #expect(
                        try await text(client, second.operations).contains("dossier_gateway_unknown_outcomes_total 1\n")
                    )
                    #expect(try await second.program.end(SIGTERM) == 0)
                }
            }
            let serve = try await RunningProgram.start(
                ["serve", "--database", database, "--listen", "127.0.0.1:0"], ready: "answers at")
            let url = try #require(serve.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)?.0)
            var history = try await Program.run(["history", Self.server, "--url", String(url)])
            for _ in 0..<100 where history.status != 0 {
                try await Task.sleep(for: .milliseconds(100))
                history = try await Program.run(["history", Self.server, "--url", String(url)])
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
                let first = try await gateway(database, upstream, directory + "/one")
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
            try await withClient { client in
                try await SlowManila.with { manila, upstream in
                    var running = try await gateway(cluster.url, upstream, directory + "/spool")
                    #expect(try await delete(client, running.url).status == 202)
                    await cluster.kill()
                    let answered = Answered()
                    for round in 0..<5 {
                        let url = running.url
                        let asking = Task {
                            await withTaskGroup(of: Void.self) { group in
                                for _ in 0..<4 {
                                    group.addTask {
                                        while !Task.isCancelled, let answer = try? await delete(client, url) {
                                            guard answer.status == 202, let id = answer.requestID else { continue }
                                            _ = answered.ids.withLock { $0.insert(id) }
                                        }
                                    }
                                }
                            }
                        }
                        // Enough answers first, however slow the machine; then a moment that no answer chooses.
                        let deadline = ContinuousClock.now + .seconds(60)
                        while answered.ids.withLock({ $0.count }) < 12 * (round + 1), ContinuousClock.now < deadline {
                            try await Task.sleep(for: .milliseconds(20))
                        }
                        try await Task.sleep(for: .milliseconds(30 * round))
                        #expect(try await running.program.end(SIGKILL) == 128 + SIGKILL)
                        asking.cancel()
                        await asking.value
                        running = try await gateway(cluster.url, upstream, directory + "/spool")
                    }
                    #expect(
                        try await text(client, running.operations).contains(
                            "dossier_recorder_destination{to=\"spool\"} 1"))
                    try await cluster.restart()
                    try await waitUntilDirect(client, running.operations)
                    try await expectOnce(answered.ids.withLock { $0 }, manila.count, cluster.url)
                    #expect(try await running.program.end(SIGTERM) == 0)
                }
            }
            let verify = try await Program.run(["verify", "--database", cluster.url])
            #expect(verify.status == 0, "\(verify.output)\(verify.errors)")
            await cluster.stop()
        }
    }

    private func waitUntilDirect(_ client: HTTPClient, _ metrics: String) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !text(client, metrics).contains("dossier_recorder_destination{to=\"log\"} 1") {
            try #require(ContinuousClock.now < deadline, "the spool is not drained")
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Each answered call once with its answer; each intent with one outcome; nothing passed on without an intent.
    private func expectOnce(_ answered: Set<String>, _ passedOn: Int, _ url: String) async throws {
        #expect(answered.count > 50)
        let calls = try await rows(url, "SELECT request_id FROM dossier.entries WHERE http_status = 202")
        #expect(Set(calls).count == calls.count)
        #expect(answered.subtracting(calls) == [])
        // What former processes left without an outcome is looked for once the log and the source are this one's.
        let deadline = ContinuousClock.now + .seconds(60)
        var (intents, outcomes) = try await told(url)
        while intents != outcomes, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(100))
            (intents, outcomes) = try await told(url)
        }
        #expect(intents == outcomes)
        #expect(Set(intents).count == intents.count && intents.count >= passedOn)
    }

    /// The ids of all intents, and of all outcomes, in order.
    private func told(_ url: String) async throws -> (intents: [String], outcomes: [String]) {
        let intents = try await rows(
            url,
            "SELECT substr(body::json ->> 'id', 8) FROM dossier.entries WHERE type = 'org.dossier.gateway.intent'")
        let outcomes = try await rows(
            url, "SELECT substr(body::json ->> 'id', 6) FROM dossier.entries WHERE operation = 'delete'")
        return (intents.sorted(), outcomes.sorted())
    }
}
