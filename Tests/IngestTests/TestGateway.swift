import AsyncHTTPClient
import DatabaseTesting
import EventLog
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Postgres
import ServiceLifecycle
import ShareServers
import Testing

@testable import Ingest

/// A gateway before a test's upstream, recording into the test's database.
struct TestGateway: Sendable {
    let gateway: Gateway
    let recorder: Recorder
    let url: String
    let client: HTTPClient

    static let source = "/gateway/test"

    /// Runs `body` with a gateway; the recorder drains meanwhile.
    static func with(
        _ upstream: TestUpstream, database: String = DatabaseTrait.url, spool: String? = nil,
        limits: Recorder.Limits = .init(), manila: String? = nil, identification: Identification = .unverified,
        areReadsDurable: Bool = true, doReadsPassUnrecorded: Bool = false, calls: Int = 512,
        _ body: (TestGateway) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            try await upstream.running { upstreamURL in
                var settings = Gateway.Settings(upstream: manila ?? upstreamURL, source: source)
                settings.identification = identification
                settings.areReadsDurable = areReadsDurable
                settings.doReadsPassUnrecorded = doReadsPassUnrecorded
                settings.calls = calls
                let recorder = try await Recorder.open(
                    url: database, spool: spool ?? folder + "/spool", limits: limits, logger: SpoolTests.quiet)
                let client = HTTPClient(eventLoopGroupProvider: .singleton)
                let passing = PassingClient()
                let gateway = Gateway(
                    settings: settings, recorder: recorder, client: passing, logger: SpoolTests.quiet)
                let (bound, binding) = AsyncStream.makeStream(of: Int.self)
                let proxy = try gateway.proxy(host: "127.0.0.1", port: 0) { binding.yield($0) }
                let group = ServiceGroup(
                    services: [recorder, gateway.claim, gateway.reckoning, proxy] as [any Service],
                    logger: SpoolTests.quiet)
                let running = Task { try await group.run() }
                let result: Result<Void, any Error>
                do {
                    for await port in bound {
                        try await body(
                            TestGateway(
                                gateway: gateway, recorder: recorder, url: "http://127.0.0.1:\(port)", client: client))
                        break
                    }
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                await group.triggerGracefulShutdown()
                try await running.value
                try await client.shutdown()
                try await passing.shutdown()
                try result.get()
            }
        }
    }

    /// What is answered to a request.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: String
    }

    func send(
        _ method: String, _ target: String, _ headers: [(String, String)] = [], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + target)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await client.execute(request, timeout: .minutes(5))
        let bytes = try await response.body.collect(upTo: 256 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, body: String(buffer: bytes))
    }

    /// One event of the log.
    struct Entry: Sendable {
        let event: JSON
        var type: String { event["type"]?.string ?? "" }
        var id: String { event["id"]?.string ?? "" }
        var data: JSON { event["data"] ?? .null }
    }

    /// What the log holds, in order.
    static func entries(_ url: String = DatabaseTrait.url) async throws -> [Entry] {
        let connection = try await Connection.open(url)
        let query = Query<String>(
            statement: Statement(name: "bodies", sql: "SELECT body FROM dossier.entries ORDER BY lane, position")
        ) { row throws(PostgresError) in try row[0] }
        let rows = try await connection.run { try $0.fetchAll(query) }
        await connection.close()
        return try rows.map { Entry(event: try JSON(parsing: $0)) }
    }
}
