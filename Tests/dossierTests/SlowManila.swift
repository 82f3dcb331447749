import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server in Manila's place that answers every request with 202 and a request id of its own, or never.
final class SlowManila: Sendable {
    private let seen: Seen

    /// - Parameter answers: Whether there are any.
    static func with(answers: Bool = true, _ body: (SlowManila, _ url: String) async throws -> Void) async throws {
        let seen = Seen()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(seen: seen, answers: answers))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let manila = SlowManila(seen: seen)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(manila, "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"))
        } catch {
            result = .failure(error)
        }
        try await channel.close()
        try result.get()
    }

    private init(seen: Seen) { self.seen = seen }

    /// How many requests came in.
    var count: Int { seen.count.withLock { $0 } }

    final class Seen: Sendable {
        let count = Mutex(0)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let seen: Seen
        private let answers: Bool

        init(seen: Seen, answers: Bool) {
            self.seen = seen
            self.answers = answers
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data) else { return }
            let number = seen.count.withLock { count in
                count += 1
                return count
            }
            guard answers else { return }
            let headers: HTTPHeaders = ["x-openstack-request-id": "req-\(number)", "content-length": "0"]
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: .accepted, headers: headers))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
