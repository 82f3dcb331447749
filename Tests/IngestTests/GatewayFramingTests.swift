import AsyncHTTPClient
import DatabaseTesting
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import ShareServers
import Synchronization
import Testing

@testable import Ingest

/// Calls and answers that come in parts, out of step, or without their length.
@Suite(.log, .timeLimit(.minutes(20))) struct GatewayFramingTests {
    private static let server = "8c041935-231e-405a-a0d2-d5b0acdceb46"
    private static let target = "/v2/share-servers/\(server)"
    private static let shown = #"{"share_server": {"id": "\#(server)", "status": "active", "host": "lab@alpha"}}"#

    private func port(_ gateway: TestGateway) throws -> Int {
        try #require(Int(gateway.url.split(separator: ":").last ?? ""))
    }

    /// An answer of unknown length, which ends once `isReleased`.
    private static func held(_ status: Int, _ body: String, until isReleased: Box<Mutex<Bool>>) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: body))
                while !isReleased.value.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
                try await writer.finish(nil)
            })
    }

    @Test(
        "Manila may answer before it has all of a request: its answer is passed on, and others go on",
        arguments: ["/v2/shares", "\(target)/action"])
    func early(target: String) async throws {
        let upstream = TestUpstream { _, _ in .manila(401, "denied") }
        // More than is kept of a call to share servers.
        let bytes = 3 << 20
        let part = String(repeating: " ", count: target == "/v2/shares" ? 10 : 2 << 20)
        let begun = "POST \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: \(bytes)\r\n\r\n\(part)"
        try await TestGateway.with(upstream) { gateway in
            try await RawConnection.with(port(gateway)) { connection in
                try await connection.send(begun)
                let answer = try await connection.answer(until: "denied")
                #expect(answer.hasPrefix("HTTP/1.1 401 "), "\(answer)")
                // Others meanwhile, and the same connection once the rest has come.
                #expect(try await gateway.send("GET", Self.target).status == 401)
                try await connection.send(String(repeating: " ", count: bytes - part.utf8.count))
                try await connection.send("GET \(Self.target) HTTP/1.1\r\nHost: a\r\n\r\n")
                let next = try await connection.answer(until: "denied")
                #expect(next.hasPrefix("HTTP/1.1 401 "), "\(next)")
            }
            // A connection that ends instead harms nobody either.
            try await RawConnection.with(port(gateway)) { connection in
                try await connection.send(begun)
                _ = try await connection.answer(until: "denied")
                try await connection.reset()
            }
            #expect(try await gateway.send("GET", Self.target).status == 401)
        }
    }

    @Test("Nothing of the answer to a change goes out before it is recorded, should its length not be told")
    func unknownLength() async throws {
        let isReleased = Box(Mutex(false))
        let upstream = TestUpstream { _, _ in Self.held(202, "{}", until: isReleased) }
        try await TestGateway.with(upstream) { gateway in
            let isAnswered = Box(Mutex(false))
            let asking = Task {
                var request = HTTPClientRequest(url: gateway.url + Self.target)
                request.method = .DELETE
                // Has the head of the answer, and not yet its body.
                let response = try await gateway.client.execute(request, timeout: .minutes(5))
                isAnswered.value.withLock { $0 = true }
                return (response.status.code, String(buffer: try await response.body.collect(upTo: 100)))
            }
            try await wait(for: "Manila to answer") { upstream.count("DELETE \(Self.target)") == 1 }
            // Whatever would go out has the time to.
            try await Task.sleep(for: .milliseconds(300))
            #expect(!isAnswered.value.withLock { $0 })
            let before = try await TestGateway.entries()
            #expect(before.map(\.type) == [EventType.intent])
            isReleased.value.withLock { $0 = true }
            #expect(try await asking.value == (202, "{}"))
            #expect(try await TestGateway.entries().last?.data["http_status"] == 202)
        }
    }

    @Test("An answer without a body is recorded before it goes out", arguments: ["DELETE", "GET"])
    func withoutBody(method: String) async throws {
        let upstream = TestUpstream { _, _ in Response(status: .noContent) }
        try await TestGateway.with(upstream) { gateway in
            let answer = try await gateway.send(method, Self.target)
            #expect(answer.status == 204)
            #expect(try await TestGateway.entries().last?.data["http_status"] == 204)
        }
    }

    @Test(
        "A caller who has gone before the answer begins is recorded all the same", arguments: ["DELETE", "GET"],
        [true, false])
    func goneBefore(method: String, areReadsDurable: Bool) async throws {
        let (isAsked, isGone) = (Box(Mutex(false)), Box(Mutex(false)))
        let upstream = TestUpstream { _, _ in
            isAsked.value.withLock { $0 = true }
            while !isGone.value.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
            // Durable reads are recorded before an answer of known length.
            return areReadsDurable ? Self.held(200, Self.shown, until: isGone) : .manila(200, Self.shown)
        }
        try await TestGateway.with(upstream, areReadsDurable: areReadsDurable) { gateway in
            try await RawConnection.with(port(gateway)) { connection in
                try await connection.send("\(method) \(Self.target) HTTP/1.1\r\nHost: a\r\n\r\n")
                try await wait(for: "Manila to be asked") { isAsked.value.withLock { $0 } }
                try await connection.reset()
            }
            // The gateway hears of it meanwhile.
            try await Task.sleep(for: .milliseconds(200))
            isGone.value.withLock { $0 = true }
            try await wait(for: "the call to be recorded") {
                try await TestGateway.entries().contains { $0.data["http_status"] == 200 }
            }
            try await wait(for: "all to be done") {
                gateway.gateway.tally.current.underWay == 0 && gateway.gateway.tally.current.pendingReads == 0
            }
            #expect(gateway.gateway.tally.current.unrecorded == 0)
        }
    }

    @Test("The answer to a HEAD without its length ends the connection: what follows would be taken for its body")
    func head() async throws {
        let isReleased = Box(Mutex(true))
        let upstream = TestUpstream { _, _ in Self.held(200, "", until: isReleased) }
        try await TestGateway.with(upstream) { gateway in
            try await RawConnection.with(port(gateway)) { connection in
                try await connection.send("HEAD /v2/limits HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await connection.answer()
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(answer)")
            }
        }
    }

    @Test("A call counts as under way until its answer is taken, so that no more are held in memory than may be")
    func slowReader() async throws {
        // More than the buffers of two sockets hold.
        let padding = String(repeating: " ", count: 24 << 20)
        let upstream = TestUpstream { _, _ in .manila(200, Self.shown + padding) }
        try await TestGateway.with(upstream, calls: 1) { gateway in
            try await RawConnection.with(port(gateway)) { connection in
                try await connection.send("GET \(Self.target) HTTP/1.1\r\nHost: a\r\n\r\n")
                try await wait(for: "the call to be recorded") { try await !TestGateway.entries().isEmpty }
                let busy = try await gateway.send("GET", Self.target)
                #expect(busy.status == 503 && busy.headers["Retry-After"] == ["1"])
                try await connection.reset()
            }
            try await wait(for: "the call to have ended") { gateway.gateway.tally.current.underWay == 0 }
            #expect(try await gateway.send("GET", Self.target).status == 200)
        }
    }
}
