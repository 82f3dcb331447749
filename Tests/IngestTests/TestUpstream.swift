import AsyncHTTPClient
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// A server of a test's own in Manila's place.
struct TestUpstream: Sendable {
    typealias Answering = @Sendable (Request, TestUpstream) async throws -> Response?

    let requests = Box(Mutex<[String]>([]))
    /// What came over a connection that something had come over before.
    let repeats = Box(Mutex<[String]>([]))
    /// By their ports, of which none is used again so soon.
    private let connections = Box(Mutex<Set<Int>>([]))
    /// Whether such requests find their connection closed.
    private let forgets: Bool
    private let answering: Answering

    /// - Parameters:
    ///   - forgets: Whether it answers once over each connection, without saying so, as uWSGI does.
    ///   - answering: Nil: the connection is cut without an answer.
    init(forgets: Bool = false, _ answering: @escaping Answering) {
        self.forgets = forgets
        self.answering = answering
    }

    /// How often something was asked, as `METHOD target`.
    func count(_ line: String) -> Int { requests.value.withLock { $0.count { $0 == line } } }

    /// Runs `body` while it answers at a URL.
    func running(_ body: (_ url: String) async throws -> Void) async throws {
        let (bound, binding) = AsyncStream.makeStream(of: Int.self)
        let server = try HTTPServerBuilder.http1().buildServer(
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: SpoolTests.quiet,
            responder: { (request, writer: consuming ResponseWriter, channel) in
                let line = "\(request.method) \(request.head.path ?? "")"
                requests.value.withLock { $0.append(line) }
                let port = channel.remoteAddress?.port ?? 0
                let isFirst = connections.value.withLock { $0.insert(port).inserted }
                if !isFirst { repeats.value.withLock { $0.append(line) } }
                guard isFirst || !forgets else {
                    try await channel.close()
                    return
                }
                guard let response = try await answering(request, self) else {
                    try await channel.close()
                    return
                }
                try await writer.write(response: response.head, body: response.body)
            },
            onServerRunning: { binding.yield($0.localAddress?.port ?? 0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            for await port in bound {
                try await body("http://127.0.0.1:\(port)")
                break
            }
            group.cancelAll()
        }
    }
}

extension Response {
    /// An answer as Manila gives it.
    static func manila(_ status: Int, _ body: String, requestID: String = "req-1") -> Response {
        Response(
            status: .init(code: status),
            headers: [.contentType: "application/json", .init("x-openstack-request-id")!: requestID],
            body: .init(byteBuffer: ByteBuffer(string: body)))
    }
}
