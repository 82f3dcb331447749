import AsyncHTTPClient
import DatabaseTesting
import Foundation
import NIOCore
import NIOHTTP1
import Postgres
import Testing

@testable import dossier

/// What operators see of processes that run: probes, figures, request ids in the log, an end in order.
@Suite(.timeLimit(.minutes(20))) struct OperationsTests {
    private struct Answer {
        let status: Int
        let headers: HTTPHeaders
        let body: String
    }

    private func get(_ url: String, _ headers: [(String, String)] = []) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        return Answer(
            status: Int(response.status.code), headers: response.headers,
            body: String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// The JSON lines among what a program said.
    private func log(_ program: RunningProgram) -> [[String: String]] {
        program.output.split(separator: "\n").filter { $0.hasPrefix("{") }.compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String]
        }
    }

    private func bodies() async throws -> [String] {
        let connection = try await Connection.open(DatabaseTrait.url)
        let query = Query<String>(
            statement: Statement(name: "bodies", sql: "SELECT body FROM dossier.entries ORDER BY lane, position")
        ) { row throws(PostgresError) in try row[0] }
        let bodies = try await connection.run { try $0.fetchAll(query) }
        await connection.close()
        return bodies
    }

    @Test("One process polls all clouds of its file, says how it is, and ends in order", .log)
    func pollsAllOfTheFile() async throws {
        try await withDirectory { directory in
            try await SlowManila.with(answer: SlowManila.listing(2)) { _, one in
                try await SlowManila.with(answer: SlowManila.listing(1)) { _, two in
                    let path = directory + "/dossier.yaml"
                    try """
                    log: {format: json}
                    poll: {interval: 1, admin: "127.0.0.1:0"}
                    clouds:
                      one: {auth_type: none, auth: {endpoint: "\(one)/v2"}}
                      two: {auth_type: none, source: /poller/second, interval: 2, auth: {endpoint: "\(two)/v2"}}
                    """.write(toFile: path, atomically: true, encoding: .utf8)
                    let poll = try await RunningProgram.start(
                        ["poll", "--config", path], environment: DatabaseTrait.environment, ready: "/metrics")
                    #expect(poll.output.contains("Polling one every 1 s, as /poller/one"))
                    #expect(poll.output.contains("Polling two every 2 s, as /poller/second"))
                    let admin = try #require(poll.output.firstMatch(of: /(http:\S+)\/metrics/)?.1)
                    try await untilReady(String(admin))
                    let metrics = try await get("\(admin)/metrics").body
                    for line in [
                        "dossier_poller_servers{source=\"/poller/one\"} 2\n",
                        "dossier_poller_servers{source=\"/poller/second\"} 1\n",
                        "dossier_poller_state{source=\"/poller/one\",state=\"watching\"} 1\n",
                        "dossier_poller_breaker_open{source=\"/poller/second\"} 0\n",
                    ] { #expect(metrics.contains(line), "\(line) is not in\n\(metrics)") }
                    #expect(try await get("\(admin)/healthz").status == 200)
                    #expect(try await poll.end(SIGTERM) == 0)
                    #expect(log(poll).contains { $0["source"] == "/poller/one" && $0["level"] == "info" })
                }
            }
        }
        let told = try await bodies()
        for source in ["/poller/one", "/poller/second"] {
            let its = told.filter { $0.contains("\"source\":\"\(source)\"") }
            #expect(its.contains { $0.contains("\"status\":\"active\"") })
            #expect(its.last?.contains("\"state\":\"stopped\"") == true)
        }
    }

    private func untilReady(_ admin: String) async throws {
        let deadline = ContinuousClock.now + .seconds(600)
        while true {
            let answer = try await get("\(admin)/readyz")
            if answer.status == 200 { return }
            try #require(ContinuousClock.now < deadline, "\(answer.body)")
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    @Test("Of a file with several clouds one is chosen by the command line", .log)
    func one() async throws {
        try await withDirectory { directory in
            try await SlowManila.with(answer: SlowManila.listing(1)) { _, url in
                let path = directory + "/dossier.yaml"
                try """
                clouds:
                  one: {auth_type: none, auth: {endpoint: "\(url)/v2"}}
                  two: {auth_type: none, auth: {endpoint: "http://127.0.0.1:1/v2"}}
                """.write(toFile: path, atomically: true, encoding: .utf8)
                let poll = try await RunningProgram.start(
                    ["poll", "--config", path, "--cloud", "one"], environment: DatabaseTrait.environment,
                    ready: "Polling one every 10 s")
                try await poll.says("watching")
                #expect(try await poll.end(SIGTERM) == 0)
                #expect(!poll.output.contains("two"))
            }
        }
    }

    @Test("Every line about a request has its id, which its answer has too", .log)
    func requestIDs() async throws {
        let serve = try await RunningProgram.start(
            ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"],
            environment: DatabaseTrait.environment.merging(["DOSSIER_LOG_ACCESS": "info"]) { $1 }, ready: "answers at")
        let url = try #require(serve.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)?.0)
        let given = try await get("\(url)/v1/servers", [("X-Request-Id", "from-outside.1")])
        #expect(given.headers["X-Request-Id"] == ["from-outside.1"])
        let unknown = try await get("\(url)/nowhere", [("X-Request-Id", "not good")])
        let made = try #require(unknown.headers["X-Request-Id"].first)
        #expect(unknown.status == 404 && made.hasPrefix("req-"))
        #expect(unknown.body.contains("\"request_id\":\"\(made)\""))
        try await serve.says(made)
        let lines = log(serve)
        let answered = try #require(lines.first { $0["request_id"] == "from-outside.1" })
        #expect(answered["status"] == "200" && answered["path"] == "/v1/servers" && answered["method"] == "GET")
        #expect(lines.contains { $0["request_id"] == made && $0["status"] == "404" })
        #expect(try await serve.end(SIGTERM) == 0)
    }

    @Test("The service manager is told once requests are taken", .log)
    func notify() async throws {
        try await withDirectory { directory in
            let path = directory + "/notify"
            let notified = try NotifySocket(path)
            let serve = try await RunningProgram.start(
                ["serve", "--listen", "127.0.0.1:0"],
                environment: DatabaseTrait.environment.merging(["NOTIFY_SOCKET": path]) { $1 }, ready: "answers at")
            let deadline = ContinuousClock.now + .seconds(600)
            var told = notified.told()
            while told == nil, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(50))
                told = notified.told()
            }
            #expect(told == "READY=1\n")
            let ended = try await serve.end(SIGTERM)
            #expect(ended == 0)
        }
    }

    /// The socket of a service manager, as systemd has one.
    private final class NotifySocket: Sendable {
        private let socket: Int32

        init(_ path: String) throws {
            socket = Foundation.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) }
            }
            try #require(bound == 0)
        }

        deinit { close(socket) }

        /// What was told, if anything was.
        func told() -> String? {
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
        }
    }

    @Test("A gateway's line about a call has the id in the call's events, and Manila's", .log)
    func callIDs() async throws {
        try await withDirectory { directory in
            try await SlowManila.with { _, upstream in
                let gateway = try await RunningProgram.start(
                    [
                        "gateway", "--upstream", upstream, "--spool", directory + "/spool", "--spool-reserve", "0",
                        "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json",
                    ],
                    environment: DatabaseTrait.environment.merging(["DOSSIER_LOG_ACCESS": "info"]) { $1 },
                    ready: "/metrics")
                let url = try #require(gateway.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)?.0)
                var request = HTTPClientRequest(url: "\(url)/v2/share-servers/\(Lines.server)?token=s3cret")
                request.method = .DELETE
                let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
                #expect(answer.status == .accepted)
                try await gateway.says("answered")
                let line = try #require(log(gateway).first { $0["message"] == "answered" })
                #expect(line["request_id"] == "req-1" && line["status"] == "202" && line["method"] == "DELETE")
                #expect(line["path"] == "/v2/share-servers/\(Lines.server)")
                let call = try #require(line["call"])
                let told = try await bodies()
                #expect(told.contains { $0.contains("\"intent/\(call)\"") })
                #expect(told.contains { $0.contains("\"call/\(call)\"") })
                #expect(try await gateway.end(SIGTERM) == 0)
                #expect(!gateway.output.contains("s3cret"))
            }
        }
    }
}
