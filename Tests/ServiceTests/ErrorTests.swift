import DatabaseTesting
import HTTPTypes
import HummingbirdTesting
import ShareServers
import Testing

/// Routes that there are not, and errors of the database.
@Suite(.log) struct ErrorTests {
    /// Asks for what the document does not describe.
    private func ask(_ service: TestService, _ method: HTTPRequest.Method, _ uri: String) async throws -> Answer {
        try await service.application.test(.router) { client in
            Answer(try await client.execute(uri: uri, method: method))
        }
    }

    @Test(
        "A route that there is not is not found",
        arguments: [
            "/v1", "/v1/", "/v1/nothing", "/v1/servers/\(Sample.alpha.lower)/nothing", "/v1/events/0", "/v3/servers",
            "/v1/events/0/0/0", "/favicon.ico", "/v1/servers/\(Sample.alpha.lower)/history/x", "/..",
            "/%2e%2e/etc/passwd",
        ])
    func unknownRoute(uri: String) async throws {
        try await TestService.with { service in
            let answer = try await ask(service, .get, uri)
            #expect(answer.isProblem(404), "\(answer)")
        }
    }

    @Test(
        "A method that a route does not have is refused",
        arguments: [
            (HTTPRequest.Method.post, "/v1/servers"), (.delete, "/v1/servers/\(Sample.alpha.lower)"),
            (.put, "/v1/events"), (.delete, "/v1/events/0/0"), (.patch, "/v1/events"), (.post, "/healthz"),
        ])
    func wrongMethod(method: HTTPRequest.Method, uri: String) async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            let answer = try await ask(service, method, uri)
            #expect(answer.isProblem(404) || answer.isProblem(405), "\(answer)")
            #expect(try await service.good("/v1/events")["events"]?.array?.count == 8)
        }
    }

    @Test(
        "Below /v2 errors have Manila's form",
        arguments: [
            (HTTPRequest.Method.get, "/v2/shares"), (.get, "/v2/p1"), (.post, "/v2/share-servers/manage"),
            (.delete, "/v2/p1/share-servers/\(Sample.alpha.lower)"), (.get, "/v2/a/b/c/d/e"),
        ])
    func manilaErrors(method: HTTPRequest.Method, uri: String) async throws {
        try await TestService.with { service in
            let answer = try await ask(service, method, uri)
            #expect(answer.status == 404 || answer.status == 405)
            let fault = answer.json.object?.values.first
            #expect(answer.json.object?.count == 1)
            #expect(fault?["code"] == .number(Double(answer.status)), "\(answer)")
            if answer.status == 404 { #expect(answer.json.object?.keys.first == "itemNotFound") }
            #expect(fault?["message"]?.string?.isEmpty == false)
        }
    }

    /// Where PostgreSQL would quote a value in its message.
    ///
    /// Source: PostgreSQL, 22P02: "invalid input syntax for type integer: "…"".
    private static let quoting = """
        CREATE OR REPLACE FUNCTION dossier.status_class(status text) RETURNS text LANGUAGE sql VOLATILE AS
        $$ SELECT (('hidden-' || $1)::integer)::text $$;
        CREATE OR REPLACE FUNCTION dossier.summary(entry dossier.entries) RETURNS json LANGUAGE sql VOLATILE AS
        $$ SELECT to_json(('hidden-' || entry.body)::integer) $$
        """

    @Test(
        "An error of the database tells nothing of values, neither those asked for nor those kept",
        arguments: [
            "/v1/servers?class=failed&host=lab%40beta", "/v1/servers?at=2026-11-23T10:00:00Z&class=failed",
            "/v1/servers", "/v1/servers/\(Sample.alpha.lower)", "/v2/share-servers?host=lab%40beta",
        ])
    func noValues(uri: String) async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            try await service.tamper(Self.quoting)
            let answer = try await ask(service, .get, uri)
            #expect(answer.status == 500, "\(answer)")
            for value in ["hidden", "lab@beta", "backend-7", "bob", "alice", "select", "SELECT", "entry.body"] {
                #expect(!answer.text.contains(value), "\(value) in \(answer)")
            }
            #expect(uri.hasPrefix("/v2") || answer.isProblem(500))
        }
    }

    @Test(
        "A table that may not be read is an error without values",
        arguments: ["/v1/events?host=lab%40beta", "/v1/events/0/0"])
    func noRight(uri: String) async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            try await service.tamper("REVOKE SELECT ON dossier.entries FROM dossier_reader")
            let answer = try await ask(service, .get, uri)
            #expect(answer.isProblem(500), "\(answer)")
            #expect(!answer.text.contains("lab@beta") && !answer.text.contains("SELECT"), "\(answer)")
        }
    }

    @Test("The service can read, and not write, whatever is asked of it")
    func readOnly() async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            try await service.tamper(
                """
                CREATE TABLE dossier.marks (mark text);
                GRANT ALL ON dossier.marks TO dossier_reader;
                CREATE FUNCTION dossier.leave_mark() RETURNS text LANGUAGE sql AS
                $$ INSERT INTO dossier.marks VALUES ('x') RETURNING mark $$;
                CREATE OR REPLACE FUNCTION dossier.status_class(status text) RETURNS text LANGUAGE sql VOLATILE AS
                $$ SELECT dossier.leave_mark() $$
                """)
            #expect(try await ask(service, .get, "/v1/servers?class=failed").status == 500)
        }
    }
}
