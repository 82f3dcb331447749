import AsyncHTTPClient
import DatabaseTesting
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

/// A `dossier gateway` that runs beside a test.
struct RunningGateway: Sendable {
    static let server = "8c041935-231e-405a-a0d2-d5b0acdceb46"
    let program: RunningProgram
    let url: String
    /// Of its operators.
    let operations: String

    static func start(_ database: String, _ upstream: String, _ spool: String) async throws -> RunningGateway {
        let program = try await RunningProgram.start(
            [
                "gateway", "--database", database, "--upstream", upstream, "--spool", spool, "--listen", "127.0.0.1:0",
                "--admin", "127.0.0.1:0", "--source", "/gateway/test", "--callers", "noauth", "--spool-reserve", "0",
            ], ready: "/metrics")
        let urls = program.output.matches(of: /http:\/\/127\.0\.0\.1:[0-9]+/).map { String($0.0) }
        return RunningGateway(
            program: program, url: try #require(urls.first), operations: try #require(urls.last) + "/metrics")
    }

    static func withClient(_ body: (HTTPClient) async throws -> Void) async throws {
        var configuration = HTTPClient.Configuration()
        // A gateway that was killed is not waited for.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<Void, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try await client.shutdown()
        try result.get()
    }

    /// A call that changes something.
    func delete(_ client: HTTPClient) async throws -> (status: Int, requestID: String?) {
        var request = HTTPClientRequest(url: url + "/v2/share-servers/\(Self.server)")
        request.method = .DELETE
        request.headers.add(name: "X-Auth-Token", value: "alice:prod")
        let response = try await client.execute(request, timeout: .seconds(60))
        return (Int(response.status.code), response.headers.first(name: "x-openstack-request-id"))
    }

    func metrics(_ client: HTTPClient) async throws -> String {
        let response = try await client.execute(HTTPClientRequest(url: operations), timeout: .seconds(10))
        return String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    /// Waits until nothing is left in the spool.
    func recordsDirectly(_ client: HTTPClient) async throws {
        try await wait(for: "the spool to be drained") {
            try await metrics(client).contains("dossier_recorder_destination{to=\"log\"} 1")
        }
    }
}

/// The request ids of calls that were answered.
final class Answered: Sendable {
    let ids = Mutex<Set<String>>([])

    /// Sends calls one after another until it is cancelled, or the gateway is gone.
    func ask(_ gateway: RunningGateway, _ client: HTTPClient) async {
        while !Task.isCancelled, let answer = try? await gateway.delete(client) {
            guard answer.status == 202, let id = answer.requestID else { continue }
            _ = ids.withLock { $0.insert(id) }
        }
    }
}
