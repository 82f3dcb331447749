import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import Ingest
import Logging
import NIOCore
import Postgres
import ShareServers

/// A Keystone and a Manila on loopback, which answer in the shapes that the real ones were recorded to answer in, and
/// misbehave as they are told.
actor Cloud {
    struct Request: Sendable, Hashable {
        let method: String
        let path: String
        let token: String?
        let subject: String?
        let microversion: String?
        let body: String
    }

    /// How a path is answered, where not well.
    enum Fault: Sendable {
        case status(Int)
        case body(String)
        /// Not at all.
        case silent
    }

    private(set) var requests: [Request] = []
    private(set) var port = 0
    nonisolated let http: HTTPClient
    /// Faults by what the path begins with.
    var faults: [String: Fault] = [:]
    var tokenLife = Duration.seconds(3600)
    /// Tokens that Keystone has given and that are not revoked, and the body that each was asked for with.
    var tokens: [String: String] = [:]
    private var given = 0
    /// Tokens of others: the answers to questions about them.
    var strangers: [String: String] = [:]
    /// What Keystone tells of tokens that were taken back.
    var revocations: [JSON] = []
    /// The share servers, in the order of the list.
    var servers: [[String: JSON]] = [] { didSet { list = nil } }
    /// The list as it was last answered.
    private var list: String?
    var details: [String: JSON] = [:]
    var newest = "2.99"
    var needsToken = true

    private init(http: HTTPClient) { self.http = http }

    nonisolated static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    nonisolated static let redaction = Redaction(key: Array(repeating: 7, count: 32))

    var url: String { "http://127.0.0.1:\(port)" }

    /// Serves on a port of its own while `body` runs.
    static func with<T: Sendable>(_ body: @Sendable (Cloud) async throws -> T) async throws -> T {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .upstream)
        let cloud = Cloud(http: http)
        let (bound, binding) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            responder: CallbackResponder { (request: Hummingbird.Request, _: BasicRequestContext) in
                try await cloud.respond(request)
            },
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in binding.yield(channel.localAddress?.port ?? 0) }, logger: quiet)
        let result: Result<T, any Error>
        do {
            result = .success(
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await application.run() }
                    defer { group.cancelAll() }
                    var iterator = bound.makeAsyncIterator()
                    await cloud.serve(on: await iterator.next() ?? 0)
                    return try await body(cloud)
                })
        } catch {
            result = .failure(error)
        }
        try await http.shutdown()
        return try result.get()
    }

    private func serve(on port: Int) { self.port = port }

    private func respond(_ request: Hummingbird.Request) async throws -> Response {
        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { request.headers[$0] } }
        let body = try await request.body.collect(upTo: 1 << 20)
        let path = request.uri.path + (request.uri.query.map { "?\($0)" } ?? "")
        let asked = Request(
            method: request.method.rawValue, path: path, token: header("X-Auth-Token"),
            subject: header("X-Subject-Token"), microversion: header("X-OpenStack-Manila-API-Version"),
            body: String(buffer: body))
        requests.append(asked)
        switch faults.filter({ path.hasPrefix($0.key) }).max(by: { $0.key.count < $1.key.count })?.value {
        case .status(let code): return Self.response(code, "{}")
        case .body(let text): return Self.response(200, text)
        case .silent:
            try await Task.sleep(for: .seconds(60))
            return Self.response(504, "")
        case nil: return answer(asked)
        }
    }

    static func response(_ status: Int, _ body: String, _ headers: [(String, String)] = []) -> Response {
        var fields: HTTPFields = [.contentType: "application/json"]
        for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
        return Response(
            status: .init(code: status), headers: fields, body: .init(byteBuffer: ByteBuffer(string: body)))
    }

    private func answer(_ request: Request) -> Response {
        switch (request.method, request.path) {
        case ("POST", "/v3/auth/tokens"): return authenticate(request)
        case ("GET", "/v3/auth/tokens?nocatalog"):
            guard tokens[request.token ?? ""] != nil else { return Self.unauthorized }
            guard let answer = strangers[request.subject ?? ""] else {
                return Self.response(
                    404,
                    #"{"error":{"code":404,"message":"Failed to validate token","title":"Not Found"}}"#)
            }
            return Self.response(200, answer)
        case ("GET", let path) where path.hasPrefix("/v3/OS-REVOKE/events?since="):
            guard tokens[request.token ?? ""] != nil else { return Self.unauthorized }
            guard let since = Timestamp(String(path.dropFirst("/v3/OS-REVOKE/events?since=".count))) else {
                return Self.response(400, "{}")
            }
            let told = revocations.filter {
                $0["revoked_at"]?.string.flatMap { Timestamp($0) }.map { $0 > since } ?? true
            }
            let links: JSON = ["next": .null, "previous": .null, "self": .string("\(url)/v3/OS-REVOKE/events")]
            let answer = JSON.object(["events": .array(told), "links": links])
            return Self.response(200, String(decoding: answer.canonical(), as: UTF8.self))
        case ("GET", "/"):
            return Self.response(
                300,
                """
                {"versions": [{"id": "v2.0", "status": "CURRENT", "version": "\(newest)", "min_version": "2.0", \
                "updated": "2015-08-27T11:33:21Z", "links": [], "media-types": []}]}
                """)
        default: return manila(request)
        }
    }

    private func manila(_ request: Request) -> Response {
        if needsToken, tokens[request.token ?? ""] == nil { return Self.unauthorized }
        if request.path == "/v2/share-servers" {
            let body =
                list
                ?? String(
                    decoding: JSON.object(["share_servers": .array(servers.map { .object($0) })]).canonical(),
                    as: UTF8.self)
            list = body
            return Self.response(200, body)
        }
        let id = request.path.split(separator: "/").last.map(String.init) ?? ""
        guard var server = servers.first(where: { $0["id"] == .string(id) }) ?? hidden[id] else {
            return Self.response(
                404, #"{"itemNotFound": {"code": 404, "message": "Share server \#(id) could not be found."}}"#)
        }
        server["created_at"] = "2026-11-23T09:55:16.419617"
        server["backend_details"] = details[id] ?? [:]
        let show = JSON.object(["share_server": .object(server)])
        return Self.response(200, String(decoding: show.canonical(), as: UTF8.self))
    }

    /// Servers that are in no list, and shown all the same.
    var hidden: [String: [String: JSON]] = [:]

    private static var unauthorized: Response {
        response(
            401,
            #"{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}"#
        )
    }

    private func authenticate(_ request: Request) -> Response {
        guard let auth = try? JSON(parsing: request.body)["auth"], Self.isGood(auth) else { return Self.unauthorized }
        given += 1
        let token = "gAAAAAB-token-\(given)"
        tokens[token] = request.body
        let answer = """
            {"token": {"methods": ["password"], "user": {"domain": {"id": "default", "name": "Default"}, \
            "id": "0ca8f6", "name": "dossier", "password_expires_at": null}, "audit_ids": ["3T2dc1CGQxyJsHdDu1xkcw"], \
            "expires_at": "\(Timestamp.now.advanced(by: tokenLife))", "issued_at": "\(Timestamp.now)", \
            "is_domain": false, "roles": [{"id": "51cc68", "name": "admin"}], "catalog": \(catalogue)}}
            """
        return Self.response(201, answer, [("X-Subject-Token", token)])
    }

    /// The service catalogue, as Keystone answers it.
    var catalogue: String {
        let endpoints = ["one", "two"].map { region in
            ["public", "internal"].map { interface in
                #"{"id": "ab", "interface": "\#(interface)", "region_id": "\#(region)", "region": "\#(region)", "#
                    + #""url": "\#(url)\#(region == "two" ? "/two-\(interface)" : "")/v2"}"#
            }.joined(separator: ", ")
        }.joined(separator: ", ")
        return """
            [{"endpoints": [{"id": "ff", "interface": "public", "region_id": "one", "region": "one", \
            "url": "\(url)/v3"}], "id": "aa", "type": "identity", "name": "keystone"}, \
            {"endpoints": [\(endpoints)], "id": "bb", "type": "sharev2", "name": "manilav2"}]
            """
    }

    private static func isGood(_ auth: JSON) -> Bool {
        let identity = auth["identity"]
        switch identity?["methods"] {
        case ["password"]: return identity?["password"]?["user"]?["password"] == "s3cret"
        case ["application_credential"]: return identity?["application_credential"]?["secret"] == "s3cret"
        default: return false
        }
    }
}
