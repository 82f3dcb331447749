import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// What calls are passed on with: no redirects are followed, nothing is decompressed, nothing is tried again unasked.
///
/// A connection that is kept may have been closed by the time a call is sent over it: a manila-api under uWSGI resets it.
/// So only what can be sent again goes over one, and any other call over a new one.
public struct PassingClient: Sendable {
    private let kept: HTTPClient
    private let fresh: HTTPClient

    public init() {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5), read: .minutes(5)),
            decompression: .disabled)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Gateway.connections
        // Less than servers in front of Manila keep a connection. Source: Apache's KeepAliveTimeout, 5 s.
        configuration.connectionPool.idleTimeout = .seconds(4)
        configuration.httpVersion = .http1Only
        kept = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        fresh = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Sends a request, over a connection that was kept or over one that nothing has been sent over.
    func execute(_ request: HTTPClientRequest, isFresh: Bool) async throws -> HTTPClientResponse {
        guard isFresh else { return try await kept.execute(request, deadline: .distantFuture) }
        var request = request
        request.headers.replaceOrAdd(name: "Connection", value: "close")
        return try await fresh.execute(request, deadline: .distantFuture)
    }

    /// Closes all connections; to be called once nothing is under way.
    public func shutdown() async throws {
        try await kept.shutdown()
        try await fresh.shutdown()
    }
}
