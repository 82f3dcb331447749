import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Service

/// When a body counts as slow, by a clock that the test moves.
@Suite struct SlowBodyTests {
    /// Reads only when it is told to, as what is behind a connection does; keeps what it is told.
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = HTTPRequestPart
        var parts = 0
        var cuts: [TimeAmount] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { parts += 1 }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if let cut = error as? SlowBody.Cut { cuts.append(cut.waited) }
        }
    }

    private let reader = Reader()
    private let channel: EmbeddedChannel

    init() throws {
        channel = EmbeddedChannel(
            handlers: [SlowBody(pause: .seconds(30), whole: .seconds(100), head: .seconds(5000)), reader])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.setOption(.autoRead, value: false).wait()
    }

    private func send(_ part: HTTPRequestPart) throws { try channel.writeInbound(part) }
    private var head: HTTPRequestPart {
        .head(HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/v1/events"))
    }
    private let some = HTTPRequestPart.body(ByteBuffer(string: "x"))
    private func pass(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

    private func answer() throws {
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .requestTimeout)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
    }

    @Test("A body of which nothing comes is cut off, its reader told, and the connection closed behind the answer")
    func pause() throws {
        try send(head)
        channel.read()
        pass(20)
        try send(some)
        channel.read()
        pass(29)
        #expect(reader.cuts == [])
        pass(2)
        #expect(reader.cuts == [.seconds(30)])
        // What comes after all is not read any more.
        try send(some)
        #expect(reader.parts == 2 && channel.isActive)
        try answer()
        #expect(!channel.isActive)
    }

    @Test("A body that trickles is cut off when it has been waited for long enough in all")
    func trickle() throws {
        try send(head)
        for _ in 0..<4 {
            channel.read()
            pass(20)
            try send(some)
        }
        channel.read()
        pass(19)
        #expect(reader.cuts == [])
        pass(2)
        #expect(reader.cuts == [.seconds(100)])
    }

    @Test("A connection whose next head is not there in time is closed, be it the first or another")
    func heads() throws {
        pass(4999)
        try send(head)
        try send(.end(nil))
        pass(6000)
        #expect(channel.isActive)
        try answer()
        pass(4999)
        #expect(channel.isActive)
        pass(2)
        #expect(!channel.isActive)
    }

    @Test("Time in which nobody asks for more does not count")
    func unasked() throws {
        try send(head)
        for _ in 0..<10 {
            channel.read()
            pass(5)
            try send(some)
            pass(300)
        }
        try send(.end(nil))
        pass(300)
        #expect(reader.cuts == [] && reader.parts == 12)
    }

    @Test("Between requests, and after a whole one, nothing is cut off; the next has all the time again")
    func whole() throws {
        for _ in 0..<5 {
            try send(head)
            channel.read()
            pass(25)
            try send(some)
            try send(.end(nil))
            try answer()
            channel.read()
            pass(1000)
        }
        #expect(reader.cuts == [] && channel.isActive)
    }

    @Test("Where the answer was given before the body had come, the connection is closed at once")
    func answered() throws {
        try send(head)
        try answer()
        channel.read()
        pass(31)
        #expect(reader.cuts == [.seconds(30)] && !channel.isActive)
    }
}
