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

/// What passes a gateway, and what is recorded of it.
@Suite(.log, .timeLimit(.minutes(20))) struct GatewayTests {
    /// Says what it was asked.
    private static let echo = TestUpstream { request, _ in
        let body = try await request.body.collect(upTo: 256 << 20)
        let headers = request.headers.map { "\($0.name.rawName): \($0.value)\n" }.joined()
        let head = "\(request.method) \(request.head.path ?? "")\nHost: \(request.head.authority ?? "")\n\(headers)\n"
        return Response(
            status: .init(code: 203, reasonPhrase: "As it was"),
            headers: [.init("X-Kept")!: "yes", .init("Keep-Alive")!: "timeout=5", .server: "manila"],
            body: .init(byteBuffer: ByteBuffer(string: head + String(buffer: body))))
    }

    @Test(
        "What is no call to share servers passes as it is, both ways",
        arguments: [
            ("GET", "/v2/shares/detail?limit=5&name=a%2Fb%20c", nil), ("POST", "/v2/p/shares", #"{"share": {}}"#),
            ("PUT", "//double//slash/", "x"), ("DELETE", "/v2/shares/%2e%2e/1", nil), ("PROPFIND", "/?", "tea"),
            ("GET", "/v2/limits?a=1;b=2&c=", nil), ("PATCH", "/v2/x", "large"),
        ] as [(String, String, String?)])
    func passing(method: String, target: String, body: String?) async throws {
        let body = body == "large" ? String(repeating: "y", count: 3_000_000) : body
        try await TestGateway.with(Self.echo) { gateway in
            let answer = try await gateway.send(
                method, target,
                [
                    ("Host", "share.example.org"), ("X-Auth-Token", "t0ken"), ("Connection", "X-Mine"),
                    ("X-Mine", "1"), ("X-Forwarded-For", "192.0.2.7"), ("X-OpenStack-Request-ID", "req-me"),
                    ("Accept-Encoding", "gzip"), ("X-Forwarded-Proto", "https"),
                ], body: body)
            try #require(answer.status == 203)
            #expect(answer.headers["X-Kept"] == ["yes"] && answer.headers["server"] == ["manila"])
            #expect(answer.headers["Keep-Alive"] == [] && answer.headers["date"] == [])
            let parts = answer.body.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
            let lines = parts[0].split(separator: "\n").map(String.init)
            #expect(lines[0] == "\(method) \(target)")
            for line in [
                "Host: share.example.org", "X-Auth-Token: t0ken", "X-Forwarded-For: 192.0.2.7, 127.0.0.1",
                "X-OpenStack-Request-ID: req-me", "Accept-Encoding: gzip", "X-Forwarded-Proto: https",
                "X-Forwarded-Host: share.example.org",
            ] {
                #expect(lines.contains(line), "\(line) is not among \(lines)")
            }
            #expect(!lines.contains { $0.hasPrefix("X-Mine") })
            #expect(String(parts[1]) == body ?? "")
            #expect(try await TestGateway.entries().isEmpty)
        }
    }

    @Test("A large body streams through while it comes in", .timeLimit(.minutes(20)))
    func streaming() async throws {
        let (gate, opening) = AsyncStream.makeStream(of: Void.self)
        let upstream = TestUpstream { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "first"))
                    for await _ in gate { break }
                    for _ in 0..<64 { try await writer.write(ByteBuffer(repeating: 0x78, count: 1 << 20)) }
                    try await writer.finish(nil)
                })
        }
        try await TestGateway.with(upstream) { gateway in
            let response = try await gateway.client.execute(
                HTTPClientRequest(url: gateway.url + "/v2/shares"), timeout: .seconds(60))
            var size = 0
            for try await chunk in response.body {
                if size == 0 {
                    #expect(String(buffer: chunk) == "first")
                    opening.yield()
                }
                size += chunk.readableBytes
            }
            #expect(size == 5 + 64 << 20)
        }
    }

    @Test("A real Manila's traffic gives the statuses that its answers told")
    func captured() async throws {
        let traffic = try ManilaTraffic.texts().map { try JSON(parsing: $0) }
        let next = Box(Mutex(0))
        let upstream = TestUpstream { request, _ in
            _ = try await request.body.collect(upTo: 1 << 20)
            let index = next.value.withLock { $0 }
            let answer = traffic[index]["response"] ?? .null
            var headers = HTTPFields()
            for header in answer["headers"]?.array ?? [] {
                let name = header["name"]?.string ?? ""
                guard !["content-length", "connection", "transfer-encoding"].contains(name.lowercased()) else {
                    continue
                }
                headers.append(.init(name: .init(name)!, value: header["value"]?.string ?? ""))
            }
            return Response(
                status: .init(code: answer["status"]?.int ?? 0), headers: headers,
                body: .init(byteBuffer: ByteBuffer(string: answer["content"]?["text"]?.string ?? "")))
        }
        try await TestGateway.with(upstream) { gateway in
            for (index, exchange) in traffic.enumerated() {
                next.value.withLock { $0 = index }
                let request = exchange["request"] ?? .null
                let url = request["url"]?.string ?? ""
                let target = try String(#require(url.firstMatch(of: /https?:\/\/[^\/]+(\/.*)/)).1)
                let headers = (request["headers"]?.array ?? []).compactMap { header -> (String, String)? in
                    let name = header["name"]?.string ?? ""
                    guard !["content-length", "connection", "host"].contains(name.lowercased()) else { return nil }
                    return (name, header["value"]?.string ?? "")
                }
                let answer = try await gateway.send(
                    request["method"]?.string ?? "", target, headers, body: request["postData"]?["text"]?.string)
                #expect(answer.status == exchange["response"]?["status"]?.int)
                #expect(answer.body == exchange["response"]?["content"]?["text"]?.string ?? "")
            }
            let entries = try await TestGateway.entries()
            let expected = try ManilaTraffic()
            #expect(
                entries.filter { $0.type == EventType.call }.map { $0.data["operation"]?.string ?? "" }
                    == expected.calls.map(\.operation))
            var statuses: [String: [String]] = [:]
            for entry in entries where entry.type == EventType.status {
                guard let id = entry.event["subject"]?.string, let status = entry.data["status"]?.string,
                    statuses[id]?.last != status
                else { continue }
                statuses[id, default: []].append(status)
            }
            #expect(statuses == expected.statuses())
            #expect(entries.count { $0.type == EventType.intent } > 50)
        }
    }
}
