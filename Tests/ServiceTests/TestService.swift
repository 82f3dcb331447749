import DatabaseTesting
import EventLog
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Postgres
import Projections
import Schema
import Service
import ShareServers
import Testing

extension Trait where Self == DatabaseTrait {
    /// A database of its own, with an empty log of one lane.
    static var log: DatabaseTrait {
        .database(template: "dossier_service") { url in _ = try await Migration.migrate(url: url) }
    }
}

/// A service over a test's database. Whatever it answers is held against the OpenAPI document.
struct TestService: Sendable {
    let url: String
    let log: Log
    let pool: Pool
    var query: QueryService

    /// Says nothing: errors are what some tests are about.
    static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    var application: some ApplicationProtocol { Application(router: query.router(), logger: Self.quiet) }

    /// Makes a log where there is none, and a service over it while `body` runs.
    ///
    /// - Parameters:
    ///   - url: By default the running test's database.
    ///   - pool: By default as the service has it.
    ///   - limits: Of what is pushed.
    ///   - admission: By default everybody may do all.
    static func with<Output>(
        lanes: Int16 = 1, url: String = DatabaseTrait.url, pool: Pool? = nil,
        limits: QueryService.PushLimits = .init(), admission: Admission? = nil,
        _ body: (TestService) async throws -> Output
    ) async throws -> Output {
        try await Migration.migrate(url: url, lanes: lanes)
        let log = try await Log.open(url: url, patience: .milliseconds(100))
        let pool = pool ?? QueryService.pool(url: url, limit: 4)
        let projectPool = QueryService.projectPool(url: url)
        let service = TestService(
            url: url, log: log, pool: pool,
            query: QueryService(
                pool: pool, projectPool: projectPool, log: log, admission: admission, pushLimits: limits))
        let result: Result<Output, any Error>
        do {
            result = .success(try await body(service))
        } catch {
            result = .failure(error)
        }
        await service.pool.close()
        await projectPool.close()
        await service.log.close()
        return try result.get()
    }

    /// Runs `body` while the service answers on a port of its own.
    func running(_ body: (_ port: Int) async throws -> Void) async throws {
        let (bound, binding) = AsyncStream.makeStream(of: Int.self)
        let application = try query.application(host: "127.0.0.1", port: 0, logger: Self.quiet) { binding.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            for await port in bound {
                try await body(port)
                break
            }
            group.cancelAll()
        }
    }

    /// Appends events, and waits until the projections have applied them.
    @discardableResult
    func append(_ events: [Event]) async throws -> [Receipt] {
        let receipts = try await log.append(events)
        try await catchUp()
        return receipts
    }

    func catchUp() async throws {
        try await ProjectionRunner(url: url, logger: Self.quiet).catchUp()
    }

    /// Runs SQL as the superuser, past every trigger.
    func tamper(_ sql: String) async throws {
        let connection = try await Connection.open(url, setup: ["SET session_replication_role = replica"])
        try await connection.run { try $0.execute(sql) }
        await connection.close()
    }
}

// MARK: - Asking

extension TestService {
    /// Asks; the answer must be one that the OpenAPI document describes.
    func send(
        _ method: HTTPRequest.Method, _ uri: String, _ headers: HTTPFields = [:], body: [UInt8]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let answer = try await application.test(.router) { client in
            Answer(
                try await client.execute(
                    uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) }))
        }
        #expect(Contract.shared.violations(of: answer, method, uri) == [], sourceLocation: sourceLocation)
        return answer
    }

    func get(
        _ uri: String, _ headers: HTTPFields = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        try await send(.get, uri, headers, sourceLocation: sourceLocation)
    }

    /// Asks for what must be there.
    func good(_ uri: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> JSON {
        let answer = try await get(uri, sourceLocation: sourceLocation)
        try #require(answer.status == 200, "\(uri): \(answer)", sourceLocation: sourceLocation)
        return answer.json
    }

    /// Pushes a body to `/v1/events`.
    func push(
        _ body: String, as type: String? = "application/x-ndjson", _ headers: HTTPFields = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        var headers = headers
        headers[.contentType] = type
        return try await send(.post, "/v1/events", headers, body: Array(body.utf8), sourceLocation: sourceLocation)
    }

    /// The members of every page, from the first on; `between` runs before each next one.
    func pages(
        _ uri: String, of member: String, between: (_ page: Int) async throws -> Void = { _ in },
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [[JSON]] {
        var pages: [[JSON]] = []
        var next: String? = uri
        while let uri = next {
            let answer = try await get(uri, sourceLocation: sourceLocation)
            try #require(answer.status == 200, "\(uri): \(answer)", sourceLocation: sourceLocation)
            pages.append(try #require(answer.json[member]?.array, sourceLocation: sourceLocation))
            try #require(pages.count <= 1000, "the pages do not end", sourceLocation: sourceLocation)
            let cursor = answer.json["next_cursor"]?.string
            next = answer.next
            #expect((cursor == nil) == (next == nil), "body and Link disagree", sourceLocation: sourceLocation)
            if let next { #expect(next.contains("cursor=\(cursor ?? "-")"), sourceLocation: sourceLocation) }
            if next != nil { try await between(pages.count) }
        }
        return pages
    }
}
