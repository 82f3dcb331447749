import NIOCore
import NIOPosix

/// A connection on which bytes are sent one by one, as no HTTP client would.
struct RawConnection {
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator

    /// Runs `body` with a connection to this machine.
    static func with(_ port: Int, _ body: (inout RawConnection) async throws -> Void) async throws {
        let channel = try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(outbound: outbound, inbound: inbound.makeAsyncIterator())
            try await body(&connection)
        }
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// The head of a push of so many bytes, and what begins its body.
    func beginPush(_ bytes: Int, _ body: String) async throws {
        try await send(
            "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nContent-Length: \(bytes)\r\n\r\n"
                + body)
    }

    /// All that is answered until it ends with `end`, or the connection does.
    mutating func answer(until end: String? = nil) async throws -> String {
        var text = ""
        while let part = try await inbound.next() {
            text += String(buffer: part)
            if let end, text.hasSuffix(end) { break }
        }
        return text
    }
}
