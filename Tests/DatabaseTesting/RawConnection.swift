public import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A connection on which bytes are sent one by one, as no HTTP client would.
public struct RawConnection {
    public let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let channel: any Channel

    /// Runs `body` with a connection to this machine.
    public static func with(_ port: Int, _ body: (inout RawConnection) async throws -> Void) async throws {
        let channel = try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(
                outbound: outbound, inbound: inbound.makeAsyncIterator(), channel: channel.channel)
            try await body(&connection)
        }
    }

    public func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// All that is answered until it ends with `end`, or the connection does.
    public mutating func answer(until end: String? = nil) async throws -> String {
        var text = ""
        while let part = try await inbound.next() {
            text += String(buffer: part)
            if let end, text.hasSuffix(end) { break }
        }
        return text
    }

    /// Ends the connection as a process does that is killed with unread bytes: the other side is told at once.
    public func reset() async throws {
        try await (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.close()
    }
}
