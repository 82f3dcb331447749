import NIOCore
import NIOPosix
import Synchronization

/// Stands between a client and PostgreSQL, and cuts the connection after so many bytes.
final class CuttingProxy: Sendable {
    enum Side: Sendable { case client, server }

    private struct State {
        var passed: [Side: Int] = [.client: 0, .server: 0]
        var cut: (side: Side, after: Int)?
    }
    private let state = Mutex(State())

    /// Bytes that a side has sent since `cut` was called last.
    func passed(_ side: Side) -> Int { state.withLock { $0.passed[side] ?? 0 } }

    /// Counts anew, and cuts after so many bytes of a side; or not at all.
    func cut(_ side: Side, after bytes: Int?) {
        state.withLock { $0 = State(cut: bytes.map { (side, $0) }) }
    }

    /// How many of so many bytes pass.
    fileprivate func take(_ bytes: Int, from side: Side) -> Int {
        state.withLock { state in
            let former = state.passed[side] ?? 0
            state.passed[side] = former + bytes
            guard let cut = state.cut, cut.side == side else { return bytes }
            return min(bytes, max(0, cut.after - former))
        }
    }

    /// - Parameter socket: Of PostgreSQL.
    static func with(socket: String, _ body: (CuttingProxy, _ port: Int) async throws -> Void) async throws {
        let proxy = CuttingProxy()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(ChannelOptions.autoRead, value: false)
            .childChannelInitializer { client in
                // Both on one event loop, so that what passes keeps its order.
                ClientBootstrap(group: client.eventLoop)
                    .channelInitializer { server in
                        server.eventLoop.makeCompletedFuture {
                            try server.pipeline.syncOperations.addHandler(Relay(proxy, .server, to: client))
                        }
                    }
                    .connect(unixDomainSocketPath: socket)
                    .flatMapThrowing { server in
                        try client.pipeline.syncOperations.addHandler(Relay(proxy, .client, to: server))
                    }
                    .flatMap { client.setOption(ChannelOptions.autoRead, value: true) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(proxy, channel.localAddress?.port ?? 0))
        } catch {
            result = .failure(error)
        }
        try await channel.close()
        try result.get()
    }

    private final class Relay: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let proxy: CuttingProxy
        private let side: Side
        private let peer: any Channel

        init(_ proxy: CuttingProxy, _ side: Side, to peer: any Channel) {
            (self.proxy, self.side, self.peer) = (proxy, side, peer)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            let count = bytes.readableBytes
            let passing = proxy.take(count, from: side)
            let (channel, peer) = (context.channel, peer)
            let written = peer.writeAndFlush(bytes.readSlice(length: passing) ?? ByteBuffer())
            guard passing < count else { return }
            written.whenComplete { _ in
                peer.close(promise: nil)
                channel.close(promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { peer.close(promise: nil) }
    }
}
