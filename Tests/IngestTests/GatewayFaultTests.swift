import AsyncHTTPClient
import DatabaseTesting
import EmbeddedPostgres
import EventLog
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import Postgres
import Schema
import ShareServers
import Synchronization
import Testing

@testable import Ingest

/// What a gateway does when Manila, PostgreSQL or itself is away.
@Suite(.log, .timeLimit(.minutes(20))) struct GatewayFaultTests {
    private static let server = "8c041935-231e-405a-a0d2-d5b0acdceb46"

    @Test("After a reset a safe call is sent again, and a changing one never")
    func resets() async throws {
        let upstream = TestUpstream { request, upstream in
            let count = upstream.count("\(request.method) \(request.head.path ?? "")")
            return request.method == .get && count == 3 ? .manila(200, #"{"share_servers": []}"#) : nil
        }
        try await TestGateway.with(upstream) { gateway in
            #expect(try await gateway.send("GET", "/v2/share-servers").status == 200)
            #expect(upstream.count("GET /v2/share-servers") == 3)
            #expect(try await gateway.send("GET", "/v2/shares").status == 200)
            let answer = try await gateway.send("DELETE", "/v2/share-servers/\(Self.server)")
            #expect(answer.status == 502 && answer.body.contains("was passed on"))
            #expect(upstream.count("DELETE /v2/share-servers/\(Self.server)") == 1)
            #expect(try await gateway.send("POST", "/v2/shares", body: "{}").status == 502)
            #expect(upstream.count("POST /v2/shares") == 1)
            let last = try #require(try await TestGateway.entries().last)
            #expect(last.type == EventType.call && last.data["outcome"] == "unknown")
            #expect(last.data["http_status"] == nil)
        }
    }

    @Test("Where Manila does not listen, a changing call is known not to have reached it")
    func unreachable() async throws {
        try await TestGateway.with(TestUpstream { _, _ in nil }, manila: "http://127.0.0.1:1") { gateway in
            let answer = try await gateway.send("DELETE", "/v2/share-servers/\(Self.server)")
            #expect(answer.status == 502)
            #expect(try JSON(parsing: answer.body)["badGateway"]?["code"] == 502)
            let last = try #require(try await TestGateway.entries().last)
            #expect(last.type == EventType.call && last.data["outcome"] == "not_forwarded")
        }
    }

    @Test("A call that a former process passed on without recording its outcome is marked as unknown, once")
    func unknownOutcome() async throws {
        let log = try await TestLog.open()
        let redaction = Redaction(key: log.log.redactionKey)
        func exchange(_ second: Int) -> Exchange {
            Exchange(
                method: "DELETE", target: "/v2/share-servers/\(Self.server)",
                startedAt: Timestamp("2026-11-23T10:00:0\(second)Z")!, duration: .seconds(1), status: 0)
        }
        let call = try #require(Call(recognising: exchange(0)))
        var events: [Event] = []
        for second in 0..<4 {
            // The last is another gateway's.
            let source = second < 3 ? TestGateway.source : "/gateway/other"
            events.append(
                try call.intent(of: exchange(second), id: "i\(second)", source: source, redaction: redaction))
        }
        var answered = exchange(1)
        answered.status = 202
        let outcome = try Reading(
            of: answered, source: TestGateway.source, redaction: redaction, id: Call.outcomeID("i1"))
        _ = try await log.log.append(events + Lines.events(0..<30) + [try #require(outcome).call])
        let count = events.count + 31
        for _ in 0..<2 {
            try await TestGateway.with(TestUpstream { _, _ in nil }) { _ in
                try await wait(for: "both to be marked") { try await TestGateway.entries().count >= count + 2 }
            }
            let added = try await TestGateway.entries().dropFirst(count)
            #expect(added.map(\.id) == ["call/i0", "call/i2"])
            #expect(added.allSatisfy { $0.data["outcome"] == "unknown" && $0.data["http_status"] == nil })
            #expect(added.first?.event["time"] == "2026-11-23T10:00:00.000000Z")
            #expect(added.first?.event["subject"] == .string(Self.server))
        }
        await log.log.close()
    }

    @Test(
        "While PostgreSQL is away calls are recorded in the spool; when that is full, changing ones are refused unsent")
    func away() async throws {
        let upstream = TestUpstream { request, _ in
            request.method == .get ? .manila(200, #"{"share_servers": []}"#) : .manila(202, "")
        }
        let padding = String(repeating: "x", count: 30_000)
        try await withFolder { folder in
            var postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
            let database = postgres.url()
            try await Migration.migrate(url: database)
            for passes in [false, true] {
                let limits = Recorder.Limits(bytes: 400_000, reserve: 0)
                let deletes = upstream.count("POST /v2/share-servers/\(Self.server)/action")
                try await TestGateway.with(
                    upstream, database: database, spool: folder + "/spool", limits: limits,
                    doReadsPassUnrecorded: passes
                ) { gateway in
                    await postgres.stop()
                    func change() async throws -> TestGateway.Answer {
                        try await gateway.send(
                            "POST", "/v2/share-servers/\(Self.server)/action",
                            body: #"{"unmanage": {"force": "\#(padding)"}}"#)
                    }
                    var answer = try await change()
                    var answered = 0
                    while answer.status == 202, answered < 20 {
                        answered += 1
                        answer = try await change()
                    }
                    #expect((3...8).contains(answered))
                    #expect(answer.status == 503 && answer.headers["Retry-After"] == ["30"])
                    #expect(try JSON(parsing: answer.body)["serviceUnavailable"]?["code"] == 503)
                    #expect(
                        upstream.count("POST /v2/share-servers/\(Self.server)/action") == deletes + answered)
                    #expect(try await gateway.send("GET", "/v2/share-servers").status == (passes ? 200 : 503))
                    #expect(try await gateway.send("GET", "/v2/shares").status == 200)
                    postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
                    try await wait(for: "the spool to be drained") {
                        await gateway.recorder.status().destination == .log
                    }
                    #expect(try await change().status == 202)
                    let entries = try await TestGateway.entries(database)
                    let intents = entries.filter { $0.type == EventType.intent }.map { $0.id.dropFirst(7) }
                    let calls = entries.filter { $0.type == EventType.call && $0.data["operation"] == "unmanage" }
                    #expect(intents == calls.map { $0.id.dropFirst(5) })
                    #expect(calls.allSatisfy { $0.data["http_status"] == 202 })
                }
            }
            await postgres.stop()
        }
    }

    @Test("Of more calls at once than may be under way, those beyond are refused unsent and counted; later ones pass")
    func busy() async throws {
        let isReleased = Box(Mutex(false))
        let target = "/v2/share-servers/\(Self.server)"
        let upstream = TestUpstream { request, _ in
            guard request.method == .delete else { return Response(status: .ok) }
            while !isReleased.value.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
            return Response(status: .accepted)
        }
        try await TestGateway.with(upstream, calls: 2) { gateway in
            async let first = gateway.send("DELETE", target)
            async let second = gateway.send("DELETE", target)
            while upstream.count("DELETE \(target)") < 2 { try await Task.sleep(for: .milliseconds(10)) }
            for method in ["DELETE", "GET"] {
                let refused = try await gateway.send(method, target)
                #expect(refused.status == 503 && refused.headers["Retry-After"] == ["1"])
            }
            #expect(upstream.count("DELETE \(target)") == 2 && upstream.count("GET \(target)") == 0)
            // What is not recorded is not limited.
            #expect(try await gateway.send("GET", "/v2/limits").status == 200)
            isReleased.value.withLock { $0 = true }
            let answers = try await [first, second]
            #expect(answers.map(\.status) == [202, 202])
            #expect(try await gateway.send("GET", target).status == 200)
            let metrics = gateway.gateway.tally.metrics
            #expect(metrics.contains("dossier_gateway_refused_total{reason=\"busy\"} 2\n"))
            let calls = try await TestGateway.entries().filter { $0.event["type"]?.string == EventType.call }
            #expect(calls.count == 3)
        }
    }

    @Test("A changing call goes over a new connection, what can be sent again over one that may be closed")
    func connections() async throws {
        let upstream = TestUpstream(forgets: true) { request, _ in .manila(request.method == .delete ? 202 : 200, "{}")
        }
        var statuses: [Int] = []
        try await TestGateway.with(upstream) { gateway in
            let server = "/v2/share-servers/\(Self.server)"
            for _ in 0..<10 {
                for (method, target) in [("GET", "/v2/limits"), ("GET", server), ("DELETE", server)] {
                    statuses.append(try await gateway.send(method, target).status)
                }
            }
        }
        #expect(statuses == Array(repeating: [200, 200, 202], count: 10).flatMap { $0 })
        let repeats = upstream.repeats.value.withLock { $0 }
        #expect(!repeats.isEmpty && repeats.allSatisfy { $0.hasPrefix("GET ") }, "\(repeats)")
    }

    @Test("Asked to end, it answers what is under way and takes no more")
    func shutdown() async throws {
        let (gate, opening) = AsyncStream.makeStream(of: Void.self)
        let upstream = TestUpstream { _, _ in
            for await _ in gate { break }
            return .manila(202, "")
        }
        let asked = Box(Mutex<Task<TestGateway.Answer, any Error>?>(nil))
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        try await TestGateway.with(upstream) { gateway in
            let other = TestGateway(
                gateway: gateway.gateway, recorder: gateway.recorder, url: gateway.url, client: client)
            let asking = Task { try await other.send("DELETE", "/v2/share-servers/\(Self.server)") }
            asked.value.withLock { $0 = asking }
            while upstream.count("DELETE /v2/share-servers/\(Self.server)") == 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
            Task {
                try await Task.sleep(for: .milliseconds(300))
                opening.yield()
            }
        }
        let answer = try await asked.value.withLock { $0 }?.value
        #expect(answer?.status == 202)
        #expect(try await TestGateway.entries().map { $0.data["http_status"] } == [nil, 202])
        try await client.shutdown()
    }
}
