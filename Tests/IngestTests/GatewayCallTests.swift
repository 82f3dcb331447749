import AsyncHTTPClient
import DatabaseTesting
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import ShareServers
import Synchronization
import Testing

@testable import Ingest

/// When calls to share servers are recorded, and as whose.
@Suite(.log, .timeLimit(.minutes(20))) struct GatewayCallTests {
    private static let server = "8c041935-231e-405a-a0d2-d5b0acdceb46"
    private static let list = #"{"share_servers": [{"id": "\#(server)", "status": "active", "host": "lab@alpha"}]}"#

    @Test("A changing call is recorded before it is passed on, and what came of it before it is answered")
    func durable() async throws {
        let before = Box(Mutex<[TestGateway.Entry]>([]))
        let database = DatabaseTrait.url
        let upstream = TestUpstream { request, _ in
            let entries = try await TestGateway.entries(database)
            before.value.withLock { $0 = entries }
            #expect(
                String(buffer: try await request.body.collect(upTo: 1000)) == #"{"reset_status":{"status":"error"}}"#)
            return .manila(202, "")
        }
        try await TestGateway.with(upstream, identification: .noauth) { gateway in
            let answer = try await gateway.send(
                "POST", "/v2/share-servers/\(Self.server)/action",
                [("X-Auth-Token", "alice:prod"), ("X-OpenStack-Manila-API-Version", "2.63")],
                body: #"{"reset_status":{"status":"error"}}"#)
            #expect(answer.status == 202 && answer.headers["x-openstack-request-id"] == ["req-1"])
            let entries = try await TestGateway.entries()
            #expect(entries.map(\.type) == [EventType.intent, EventType.call])
            let intent = try #require(before.value.withLock { $0 }.first)
            #expect(intent.event == entries[0].event)
            #expect(entries[0].id.dropFirst("intent/".count) == entries[1].id.dropFirst("call/".count))
            #expect(entries[0].event["time"] == entries[1].event["time"])
            #expect(intent.data["operation"] == "reset_status" && intent.data["http_status"] == nil)
            let call = entries[1]
            #expect(call.data["http_status"] == 202 && call.data["request_id"] == "req-1")
            #expect(call.data["request"] == ["reset_status": ["status": "error"]])
            #expect(call.data["remote_address"] == "127.0.0.1" && call.data["microversion"] == "2.63")
            #expect(
                call.data["actor"] == ["user_id": "alice", "project_id": "prod", "verified": true])
            #expect(call.event["subject"] == .string(Self.server))
            #expect(!entries.contains { String(decoding: $0.event.canonical(), as: UTF8.self).contains("alice:prod") })
        }
    }

    @Test("A caller that goes away does not end what has begun")
    func abandoned() async throws {
        let (gate, opening) = AsyncStream.makeStream(of: Void.self)
        let upstream = TestUpstream { _, _ in
            for await _ in gate { break }
            return .manila(202, "")
        }
        try await TestGateway.with(upstream) { gateway in
            let asking = Task { try await gateway.send("DELETE", "/v2/share-servers/\(Self.server)") }
            while upstream.count("DELETE /v2/share-servers/\(Self.server)") == 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
            asking.cancel()
            _ = try? await asking.value
            opening.yield()
            try await wait(for: "both records") { try await TestGateway.entries().count >= 2 }
            #expect(try await TestGateway.entries().map { $0.data["http_status"] } == [nil, 202])
        }
    }

    @Test("Reads are recorded before their answer, or after it where that is set; none is lost")
    func reads() async throws {
        let upstream = TestUpstream { _, _ in .manila(200, Self.list) }
        try await TestGateway.with(upstream) { gateway in
            let answer = try await gateway.send("GET", "/v2/share-servers")
            #expect(answer.body == Self.list)
            let entries = try await TestGateway.entries()
            #expect(entries.map(\.type) == [EventType.call, EventType.status])
        }
        try await TestGateway.with(upstream, areReadsDurable: false) { gateway in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let answer = try await gateway.send("GET", "/v2/share-servers")
                        #expect(answer.status == 200)
                    }
                }
                try await group.waitForAll()
            }
        }
        let entries = try await TestGateway.entries()
        #expect(entries.count { $0.type == EventType.call } == 41)
    }

    @Test("Bodies that are too large to be kept pass whole, and are recorded by size and digest")
    func large() async throws {
        let upstream = TestUpstream { request, _ in
            var size = 0
            for try await chunk in request.body { size += chunk.readableBytes }
            #expect(size == 5_000_000)
            return Response(
                status: .ok,
                body: ResponseBody { writer in
                    for _ in 0..<40 { try await writer.write(ByteBuffer(repeating: 0x78, count: 1 << 20)) }
                    try await writer.finish(nil)
                })
        }
        try await TestGateway.with(upstream) { gateway in
            let answer = try await gateway.send(
                "POST", "/v2/share-servers/\(Self.server)/action", body: String(repeating: "z", count: 5_000_000))
            #expect(answer.body.utf8.count == 40 << 20)
            let entries = try await TestGateway.entries()
            #expect(entries.map(\.type) == [EventType.intent, EventType.call])
            #expect(entries[1].data["request"]?["omitted"]?["bytes"] == 5_000_000)
            #expect(entries[1].data["response"]?["omitted"]?["bytes"] == .number(Double(40 << 20)))
            #expect(entries[1].data["operation"] == "other")
        }
    }

    @Test(
        "Callers are who something trusted says they are, and else unverified, whatever they claim",
        arguments: [
            (Identification.unverified, #"{"verified": false}"#),
            (
                .trustedHeaders,
                #"{"verified": true, "user_id": "u1", "user_name": "Bob", "project_id": "p1", "roles": ["admin", "member"]}"#
            ),
            (.noauth, #"{"verified": true, "user_id": "token", "project_id": "token"}"#),
        ] as [(Identification, String)])
    func callers(identification: Identification, actor: String) async throws {
        try await TestGateway.with(
            TestUpstream { _, _ in .manila(200, Self.list) }, identification: identification
        ) { gateway in
            let claims = [
                ("X-User-Id", "u1"), ("X-User-Name", "Bob"), ("X-Project-Id", "p1"), ("X-Roles", "admin, member"),
            ]
            _ = try await gateway.send("GET", "/v2/p9/share-servers", claims + [("X-Auth-Token", "token")])
            _ = try await gateway.send("GET", "/v2/p9/share-servers", claims + [("X-Identity-Status", "Invalid")])
            let calls = try await TestGateway.entries().filter { $0.type == EventType.call }
            #expect(calls.map { $0.data["actor"] } == [try JSON(parsing: actor), ["verified": false]])
        }
    }
}
