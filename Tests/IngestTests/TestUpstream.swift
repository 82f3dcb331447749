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
    private let answering: Answering

    /// - Parameter answering: Nil: the connection is cut without an answer.
    init(_ answering: @escaping Answering) { self.answering = answering }

    /// How often something was asked, as `METHOD target`.
    func count(_ line: String) -> Int { requests.value.withLock { $0.count { $0 == line } } }

    /// Runs `body` while it answers at a URL.
    func running(_ body: (_ url: String) async throws -> Void) async throws {
        let (bound, binding) = AsyncStream.makeStream(of: Int.self)
        let server = try HTTPServerBuilder.http1().buildServer(
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: SpoolTests.quiet,
            responder: { (request, writer: consuming ResponseWriter, channel) in
                requests.value.withLock { $0.append("\(request.method) \(request.head.path ?? "")") }
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
