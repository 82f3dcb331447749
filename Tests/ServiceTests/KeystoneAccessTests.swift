import AsyncHTTPClient
import DatabaseTesting
import HTTPTypes
import Hummingbird
import Ingest
import NIOCore
import Postgres
import ShareServers
import Testing

@testable import Service

/// That tokens of Keystone let in by their roles.
@Suite(.log, .timeLimit(.minutes(20))) struct KeystoneAccessTests {
    private static let roles: [AccessRole: Set<String>] = [
        .admin: ["admin"], .read: ["reader", "auditor"], .ingest: ["service"],
    ]
    private static let redaction = Redaction(key: Array(repeating: 7, count: 32))

    /// What Keystone says of tokens, in the form of the Identity API v3.
    private static func answer(_ subject: String) -> (status: Int, body: JSON) {
        let inAnHour = JSON.string(Timestamp.now.advanced(by: .seconds(3600)).description)
        let issued = JSON.string(Timestamp.now.description)
        var token: [String: JSON] = [
            "expires_at": inAnHour, "issued_at": issued, "methods": ["password"], "catalog": [],
        ]
        let parts = subject.split(separator: "-").map(String.init)
        guard parts.count == 3, parts[0] == "role" else { return (404, [:]) }
        token["user"] = ["id": .string("user-of-\(parts[1])"), "name": .string(parts[1])]
        token["roles"] = [["id": "1", "name": .string(parts[1])]]
        if parts[2] == "system" {
            token["system"] = ["all": true]
        } else if parts[2] != "none" {
            token["project"] = ["id": .string(parts[2])]
        }
        return (200, ["token": .object(token)])
    }

    private func with(_ body: (TestService) async throws -> Void) async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .upstream)
        let (bound, binding) = AsyncStream.makeStream(of: Int.self)
        let keystone = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                let isAsking = request.method == .post
                let subject = request.headers[HTTPField.Name("X-Subject-Token")!] ?? ""
                let answer = Self.answer(isAsking ? "role-service-own" : subject)
                return Response(
                    status: .init(code: isAsking ? 201 : answer.status),
                    headers: [.contentType: "application/json", HTTPField.Name("X-Subject-Token")!: "ours"],
                    body: .init(byteBuffer: ByteBuffer(bytes: answer.body.canonical())))
            },
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { binding.yield($0.localAddress?.port ?? 0) }, logger: TestService.quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keystone.run() }
            for await port in bound {
                try await serve("http://127.0.0.1:\(port)", http, body)
                break
            }
            group.cancelAll()
        }
        try await http.shutdown()
    }

    private func serve(
        _ url: String, _ http: HTTPClient, _ body: (TestService) async throws -> Void
    ) async throws {
        let keystone = Keystone(
            url: url, credentials: .password(user: .id("d"), password: "x", scope: .system), redaction: Self.redaction,
            http: http, patience: .seconds(60))
        let admission = Admission(
            url: DatabaseTrait.url, isLoopback: true,
            keystone: KeystoneAccess(keystone, roles: Self.roles, readAll: ["auditor"]))
        try await TestService.with(admission: admission, body)
        await admission.close()
    }

    @Test("Roles are mapped as they are set, readers are bound to their project, and others are refused")
    func mapped() async throws {
        try await with { service in
            try await service.append(
                Sample.life(of: Sample.alpha) + [Sample.status(Sample.beta, "active", at: 3, ["project_id": "p2"])])
            func servers(_ token: String, _ uri: String = "/v1/servers") async throws -> Int {
                let answer = try await service.get(uri, [.authToken: token])
                return answer.status == 200 ? answer.json["servers"]?.array?.count ?? -1 : answer.status
            }
            #expect(try await servers("role-admin-p1") == 2)
            #expect(try await servers("role-auditor-p1") == 2)
            #expect(try await servers("role-reader-system") == 2)
            #expect(try await servers("role-reader-p1") == 1)
            #expect(try await servers("role-reader-p9") == 0)
            #expect(try await servers("role-reader-none") == 0)
            #expect(try await servers("role-service-p1") == 403)
            #expect(try await servers("role-member-p1") == 403)
            #expect(try await servers("forged") == 401)
            #expect(try await service.get("/v1/servers").status == 401)
            #expect(try await service.get("/v1/checkpoints", [.authToken: "role-reader-p1"]).status == 403)
            #expect(try await service.get("/v1/servers", [.authorization: "Bearer role-reader-p1"]).status == 200)
            // As Manila's client asks.
            let answer = try await service.get("/v2/p1/share-servers", [.authToken: "role-reader-p1"])
            #expect(answer.json.at("share_servers.0.id") == .string(Sample.alpha.lower))
            #expect(answer.json["share_servers"]?.array?.count == 1)
            #expect(
                try await service.push(AccessTests.event, as: "application/x-ndjson", [.authToken: "role-service-p1"])
                    .status == 200)
            #expect(
                try await service.push(AccessTests.event, as: "application/x-ndjson", [.authToken: "role-reader-p1"])
                    .status == 403)
            // Tokens of our own go on beside.
            let token = try await Token.made(.read)
            #expect(try await servers(token.text) == 2)
        }
    }

    @Test("While Keystone is away nobody is let in by it, and is told to ask again")
    func away() async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .upstream)
        try await serve("http://127.0.0.1:9", http) { service in
            for uri in ["/v1/servers", "/v2/share-servers"] {
                let answer = try await service.get(uri, [.authToken: "role-admin-p1"])
                #expect(answer.status == 503 && answer.headers[.retryAfter] != nil, "\(answer)")
            }
            let token = try await Token.made(.read)
            #expect(try await service.get("/v1/servers", [.authToken: token.text]).status == 200)
        }
        try await http.shutdown()
    }
}
