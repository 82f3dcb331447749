import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server in Manila's place that answers every request with a request id of its own, and with 202 unless told
/// otherwise, or never.
final class SlowManila: Sendable {
    typealias Answer = @Sendable (_ path: String) -> (HTTPResponseStatus, body: String)

    private let seen: Seen

    /// - Parameters:
    ///   - answers: Whether there are any.
    ///   - answer: What is answered to a path.
    static func with(
        answers: Bool = true, answer: @escaping Answer = { _ in (.accepted, "") },
        _ body: (SlowManila, _ url: String) async throws -> Void
    ) async throws {
        let seen = Seen()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(seen: seen, answer: answers ? answer : nil))
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
        private let answer: Answer?
        private var path = ""

        init(seen: Seen, answer: Answer?) {
            self.seen = seen
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if case .head(let head) = unwrapInboundIn(data) { path = head.uri }
            guard case .end = unwrapInboundIn(data) else { return }
            let number = seen.count.withLock { count in
                count += 1
                return count
            }
            guard let (status, body) = answer?(path) else { return }
            let headers: HTTPHeaders = [
                "x-openstack-request-id": "req-\(number)", "content-length": "\(body.utf8.count)",
                "content-type": "application/json",
            ]
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}

extension SlowManila {
    /// What a Manila without Keystone answers that has so many share servers.
    static func listing(_ count: Int) -> Answer {
        { path in
            let server = { (number: Int) in
                let id = "00000000-0000-4000-8000-\(String(repeating: "0", count: 11))\(number)"
                return #"{"id": "\#(id)", "status": "active", "host": "lab@alpha", "task_state": null}"#
            }
            if path == "/" {
                return (.multipleChoices, #"{"versions": [{"id": "v2.0", "version": "2.99", "min_version": "2.0"}]}"#)
            }
            if path == "/v2/share-servers" {
                return (.ok, #"{"share_servers": [\#((0..<count).map(server).joined(separator: ", "))]}"#)
            }
            let number = path.last?.wholeNumberValue ?? 0
            return (.ok, #"{"share_server": \#(server(number))}"#)
        }
    }
}
