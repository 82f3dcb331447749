import DatabaseTesting
import HTTPTypes
import Service
import ShareServers
import Testing

/// What operators probe.
@Suite(.log) struct ReadinessTests {
    @Test("A service over a migrated database is healthy and ready")
    func ready() async throws {
        try await TestService.with { service in
            let (health, readiness) = (try await service.good("/healthz"), try await service.good("/readyz"))
            #expect(health == ["status": "ok"])
            #expect(readiness == ["status": "ready"])
        }
    }

    @Test("Over a database that was never migrated it is healthy, and not ready")
    func neverMigrated() async throws {
        // The server's own first database, which no test writes to.
        let pool = QueryService.pool(url: try await TestServer.url())
        try await TestService.with(pool: pool) { service in
            #expect(try await service.get("/healthz").status == 200)
            let answer = try await service.get("/readyz")
            #expect(answer.isProblem(503), "\(answer)")
            #expect(answer.json["detail"]?.string?.contains("m001_log") == true)
            #expect(answer.json["detail"]?.string?.contains("dossier migrate") == true)
            for uri in ["/v1/servers", "/v1/servers/\(Sample.alpha.lower)", "/v1/events", "/v2/share-servers"] {
                #expect(try await service.get(uri).status == 503, "\(uri)")
            }
        }
    }

    @Test(
        "A schema that is older, newer or other than the program's is not ready",
        arguments: [
            ("DELETE FROM dossier.migrations WHERE number = 12", "m012_statuses"),
            ("INSERT INTO dossier.migrations VALUES (999, 'm999_more', '\\x00')", "m999_more"),
            ("UPDATE dossier.migrations SET checksum = '\\x00' WHERE number = 1", "m001_log"),
        ])
    func otherSchema(sql: String, name: String) async throws {
        try await TestService.with { service in
            try await service.tamper(sql)
            let answer = try await service.get("/readyz")
            #expect(answer.isProblem(503), "\(answer)")
            #expect(answer.json["detail"]?.string?.contains(name) == true, "\(answer)")
        }
    }
}
