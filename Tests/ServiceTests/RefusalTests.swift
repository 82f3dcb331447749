import DatabaseTesting
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import NIOPosix
import ShareServers
import Testing

/// What clients get wrong, and are told.
@Suite(.log, .timeLimit(.minutes(20))) struct RefusalTests {
    private static let event =
        #"{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2026-11-23T09:00:00Z"}"#

    @Test(
        "A method that a path does not have is refused with those that it has",
        arguments: [
            ("DELETE", "/v1/events", "GET, HEAD, OPTIONS, POST"), ("PUT", "/v1/servers", "GET, HEAD, OPTIONS"),
            ("POST", "/healthz", "GET, HEAD, OPTIONS"), ("PATCH", "/v1/events/0/0", "GET, HEAD, OPTIONS"),
            ("POST", "/v2/share-servers", "GET, HEAD, OPTIONS"),
        ])
    func methods(method: String, path: String, allow: String) async throws {
        try await TestService.with { service in
            try await service.application.test(.router) { client in
                let refused = try await client.execute(uri: path, method: HTTPRequest.Method(method)!)
                #expect(refused.status == .methodNotAllowed)
                #expect(refused.headers[.allow] == allow)
                let asked = try await client.execute(uri: path, method: .options)
                #expect(asked.status == .noContent)
                #expect(asked.headers[.allow] == allow)
            }
        }
    }

    @Test("An event and a batch are read by their content type, whatever attributes come as headers beside them")
    func structured() async throws {
        try await TestService.with { service in
            let headers: HTTPFields = [
                HTTPField.Name("ce-specversion")!: "1.0", HTTPField.Name("ce-id")!: "x",
                HTTPField.Name("ce-source")!: "/x", HTTPField.Name("ce-type")!: "t",
            ]
            let one = try await service.push(Self.event, as: "application/cloudevents+json; charset=utf-8", headers)
            #expect(one.json["accepted"] == 1)
            let batch = "[\(Self.event),\(Self.event.replacing("\"1\"", with: "\"2\""))]"
            let both = try await service.push(batch, as: "application/cloudevents-batch+json", headers)
            #expect((both.json["known"], both.json["accepted"]) == (1, 1))
        }
    }

    @Test("A body that says that it is in no encoding is taken as it is")
    func encoding() async throws {
        try await TestService.with { service in
            let answer = try await service.push(Self.event, as: "application/json", [.contentEncoding: "identity"])
            #expect(answer.status == 200)
        }
    }

    @Test("An event in binary mode that is too large, or whose headers are no UTF-8, is refused")
    func binaryMode() async throws {
        try await TestService.with { service in
            var headers: HTTPFields = [
                HTTPField.Name("ce-specversion")!: "1.0", HTTPField.Name("ce-id")!: "x",
                HTTPField.Name("ce-source")!: "/x", HTTPField.Name("ce-type")!: "t",
            ]
            let large = try await service.push(String(repeating: " ", count: 2 << 20), as: "application/json", headers)
            #expect(large.status == 413)
            #expect(large.json["detail"]?.string?.contains("1048576") == true)
            for value in ["%ff", "%zz", "%", "100%"] {
                headers[HTTPField.Name("ce-subject")!] = value
                let answer = try await service.push("{}", as: "application/json", headers)
                #expect(answer.status == 400)
                #expect(answer.json["detail"]?.string?.contains("ce-subject") == true)
            }
        }
    }

    @Test("Secrets in what is pushed never reach the log")
    func secrets() async throws {
        try await TestService.with { service in
            let event = #"""
                {"specversion":"1.0","id":"1","source":"/s","type":"org.openstack.manila.share_server.call",\#
                "time":"2026-11-23T09:00:00Z","data":{"request":{"driver_options":{"password":"hunter2"}}}}
                """#
            for outcome in ["accepted", "known"] {
                let answer = try await service.push(event, as: "application/json")
                #expect(answer.json[outcome] == 1, "\(answer)")
            }
            let kept = try await service.good("/v1/events/0/0")
            let secret = kept.at("entry.event.data.request.driver_options.password.redacted")?.string
            #expect(secret?.hasPrefix("hmac-sha256:") == true)
        }
    }

    @Test("A client that asks before it sends a body is told to go on; one that breaks it off, what is wrong")
    func framing() async throws {
        try await TestService.with { service in
            try await service.running { port in
                let head = "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                let goOn = try await Self.exchange(
                    port,
                    head
                        + "Expect: 100-continue\r\nConnection: close\r\nContent-Length: \(Self.event.utf8.count)\r\n\r\n",
                    then: Self.event)
                #expect(goOn.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), "\(goOn)")
                let broken = try await Self.exchange(
                    port, head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n", then: nil)
                #expect(broken.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(broken)")
                #expect(broken.contains("application/problem+json"))
            }
        }
    }

    /// Sends bytes, and what follows once something was answered; returns all that is answered until the end, or until
    /// a whole answer that ends with a brace is there.
    private static func exchange(_ port: Int, _ text: String, then rest: String?) async throws -> String {
        let channel = try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var answer = ""
            var rest = rest
            for try await part in inbound {
                answer += String(buffer: part)
                if let body = rest {
                    try await outbound.write(ByteBuffer(string: body))
                    rest = nil
                }
                if answer.hasSuffix("}") { break }
            }
            return answer
        }
    }
}
