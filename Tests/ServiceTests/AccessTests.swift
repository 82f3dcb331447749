import DatabaseTesting
import HTTPTypes
import Hummingbird
import Postgres
import Queries
import ShareServers
import Testing

@testable import Service

/// Who is let in, on every route.
@Suite(.log, .timeLimit(.minutes(20))) struct AccessTests {
    static let bearer = HTTPField.Name.authorization
    private static let authenticate = HTTPField.Name.wwwAuthenticate

    /// A service whose API only tokens let into.
    func guarded(
        isLoopback: Bool = false, limits: Admission.Limits = Self.lenient, _ body: (TestService) async throws -> Void
    ) async throws {
        let admission = Admission(url: DatabaseTrait.url, isLoopback: isLoopback, limits: limits)
        try await TestService.with(admission: admission, body)
        await admission.close()
    }

    /// Failures of every sort come from one address here.
    static var lenient: Admission.Limits {
        var limits = Admission.Limits()
        limits.failures = (1e6, 1e6)
        return limits
    }

    func token(
        _ role: AccessRole, projects: [String]? = nil, expiresAt: Timestamp? = nil
    ) async throws -> Token {
        try await Token.made(role, projects: projects, expiresAt: expiresAt)
    }

    func revoke(_ token: Token) async throws {
        try await sql("UPDATE dossier.tokens SET revoked_at = clock_timestamp() WHERE id = '\(token.id)'")
    }

    private func sql(_ statement: String) async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.run { try $0.execute(statement) }
        await connection.close()
    }

    /// A request for each route that there is, with something in the place of each parameter.
    private func requests(_ service: TestService) -> [(method: HTTPRequest.Method, uri: String, need: RouteAccess?)] {
        let values = [
            "id": Sample.alpha.lower, "lane": "0", "position": "0", "level": "0", "time": "2026-11-23T09:55:30Z",
            "project_id": "p",
        ]
        return service.query.routes().routes.map { route in
            let path = route.path.description
            var uri = path.replacing("**", with: "000")
            for (name, value) in values { uri = uri.replacing("{\(name)}", with: value) }
            let method = route.method == .head ? "GET" : route.method.rawValue
            return (route.method, uri, RouteAccess.table["\(method) \(path)"])
        }
    }

    /// To push.
    static let event = """
        {"specversion": "1.0", "id": "1", "source": "/test", "type": "org.example", "time": "2026-11-23T09:00:00Z"}
        """

    private func send(
        _ service: TestService, _ method: HTTPRequest.Method, _ uri: String, _ headers: HTTPFields
    ) async throws -> Answer {
        var headers = headers
        if method == .post { headers[.contentType] = "application/x-ndjson" }
        return try await service.send(method, uri, headers, body: method == .post ? Array(Self.event.utf8) : nil)
    }

    private func isRefused(_ answer: Answer, _ status: Int, _ method: HTTPRequest.Method, _ uri: String) -> Bool {
        guard answer.status == status, answer.headers[Self.authenticate]?.hasPrefix("Bearer") == true else {
            return false
        }
        if method == .head { return answer.body.isEmpty }
        if uri.hasPrefix("/v2/") || uri.hasPrefix("/at/") {
            return answer.json[status == 401 ? "unauthorized" : "forbidden"]?["code"] == .number(Double(status))
        }
        let members = answer.json.object ?? [:]
        return answer.contentType == "application/problem+json" && members["detail"]?.string?.isEmpty == false
    }

    @Test("Every route says what it takes, and so does the document")
    func stated() async throws {
        try await guarded { service in
            for request in requests(service) {
                #expect(request.need != nil, "\(request.method) \(request.uri) says no role")
                let path = try #require(Contract.shared.template(of: request.uri))
                let method = request.method == .head ? "get" : request.method.rawValue.lowercased()
                let operation = try #require(Contract.shared.paths[path]?[method])
                #expect(operation["x-role"]?.string == request.need?.rawValue, "\(path)")
                #expect((operation["security"]?.array?.isEmpty == true) == (request.need == .everyone), "\(path)")
            }
            // Nor does it say anything of a route that there is not.
            let served = Set(service.query.routes().routes.map { "\($0.method.rawValue) \($0.path.description)" })
            #expect(Set(RouteAccess.table.keys).subtracting(served) == [])
        }
    }

    @Test("Each route refuses who shows nothing, or what is malformed, wrong, expired or revoked, and says why")
    func refused() async throws {
        let (expired, revoked) = (
            try await token(.admin, expiresAt: Timestamp.now.advanced(by: .seconds(-1))), try await token(.admin)
        )
        try await revoke(revoked)
        let other = try await token(.admin)
        let foreign = Token()
        // As if another had been made under its id.
        let wrong = try await token(.admin)
        try await sql("UPDATE dossier.tokens SET secret_hash = sha256('x') WHERE id = '\(wrong.id)'")
        let typo = String(other.text.dropLast()) + (other.text.hasSuffix("0") ? "1" : "0")
        let shown: [(what: String, headers: HTTPFields, detail: String)] = [
            ("none", [:], "a token is needed"),
            ("another scheme", [Self.bearer: "Basic YTpi"], "Bearer"),
            ("malformed", [Self.bearer: "Bearer x"], "malformed"),
            ("a typing error", [Self.bearer: "Bearer \(typo)"], "malformed"),
            ("unknown", [Self.bearer: "Bearer \(foreign.text)"], "not known"),
            ("a wrong secret", [Self.bearer: "Bearer \(wrong.text)"], "not known"),
            ("expired", [Self.bearer: "Bearer \(expired.text)"], "expired"),
            ("revoked", [Self.bearer: "Bearer \(revoked.text)"], "revoked"),
            ("unknown, as OpenStack's clients send it", [.authToken: foreign.text], "not known"),
        ]
        try await guarded { service in
            for request in requests(service) {
                for (what, headers, detail) in shown {
                    let answer = try await send(service, request.method, request.uri, headers)
                    if request.need == .everyone {
                        #expect(answer.status == 200, "\(request.method) \(request.uri) with \(what): \(answer)")
                    } else {
                        #expect(
                            isRefused(answer, 401, request.method, request.uri),
                            "\(request.method) \(request.uri) with \(what): \(answer)")
                        let said = request.method == .head || answer.text.contains(detail)
                        #expect(said, "\(request.uri) with \(what): \(answer)")
                        #expect(!answer.text.contains(foreign.text) && !answer.text.contains(revoked.text))
                    }
                }
            }
            let figures = try await service.get("/metrics").text
            #expect(figures.contains("dossier_api_refused_total{reason=\"expired\"}"))
            #expect(!figures.contains(foreign.id))
        }
    }

    @Test("Each route lets in the roles that it is for, and no others")
    func roles() async throws {
        let tokens: [(asker: Asker, token: Token)] = [
            (asker(.ingest), try await token(.ingest)), (asker(.read), try await token(.read)),
            (asker(.admin), try await token(.admin)), (asker(.read, ["p"]), try await token(.read, projects: ["p"])),
        ]
        try await guarded { service in
            try await service.append(Sample.life(of: Sample.alpha))
            for request in requests(service) {
                let need = request.need ?? .admin
                for (asker, token) in tokens {
                    for headers: HTTPFields in [[Self.bearer: "Bearer \(token.text)"], [.authToken: token.text]] {
                        let answer = try await send(service, request.method, request.uri, headers)
                        let place = "\(request.method) \(request.uri) as \(asker.roles) of \(asker.projects ?? [])"
                        if asker.may(need) {
                            #expect(![401, 403, 429, 500, 503].contains(answer.status), "\(place): \(answer)")
                        } else {
                            #expect(isRefused(answer, 403, request.method, request.uri), "\(place): \(answer)")
                        }
                    }
                }
            }
        }
    }

    private func asker(_ role: AccessRole, _ projects: [String]? = nil) -> Asker {
        Asker(identity: .anyone, roles: [role], projects: projects)
    }

    /// Not by `Asker.may`, which the routes use themselves.
    @Test("A pusher may not read, a reader may not push, and an admin may both")
    func matrix() async throws {
        let (pusher, reader, admin) = (try await token(.ingest), try await token(.read), try await token(.admin))
        try await guarded { service in
            func status(_ method: HTTPRequest.Method, _ uri: String, _ token: Token) async throws -> Int {
                try await send(service, method, uri, [Self.bearer: "Bearer \(token.text)"]).status
            }
            for (token, read, pushed) in [(pusher, 403, 200), (reader, 200, 403), (admin, 200, 200)] {
                let answered = [
                    try await status(.get, "/v1/servers", token), try await status(.get, "/v2/share-servers", token),
                    try await status(.post, "/v1/events", token),
                ]
                #expect(answered == [read, read, pushed])
            }
        }
    }
}
