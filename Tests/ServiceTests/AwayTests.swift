import DatabaseTesting
import EmbeddedPostgres
import EventLog
import Foundation
import HTTPTypes
import Logging
import Postgres
import Service
import ShareServers
import Testing

/// What is answered while the database is away, busy or slow.
@Suite(.timeLimit(.minutes(20))) struct AwayTests {
    private static let retry = HTTPField.Name("Retry-After")!

    private func isUnavailable(_ answer: Answer) -> Bool {
        answer.isProblem(503) && answer.headers[Self.retry].flatMap { Int($0) }.map { $0 >= 1 } ?? false
    }

    @Test("While PostgreSQL is away all is answered with 503, and once it is back as before")
    func away() async throws {
        let directory = try TestServer.temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var postgres = try await EmbeddedPostgres.start(directory: "\(directory)/pg")
        do {
            try await TestService.with(url: postgres.url()) { service in
                let life = try Sample.life(of: Sample.alpha)
                try await service.append(Array(life.prefix(4)))
                let before = try await service.good("/v1/servers/\(Sample.alpha.lower)")["server"]
                await postgres.stop()
                try await expectAway(service, pushing: life)

                postgres = try await EmbeddedPostgres.start(directory: "\(directory)/pg")
                #expect(try await service.get("/readyz").status == 200)
                #expect(try await service.good("/v1/servers/\(Sample.alpha.lower)")["server"] == before)
                // Repeating is safe: what was there is known, the rest is appended once.
                let answer = try await service.push(life.map(\.text).joined(separator: "\n"))
                #expect(answer.status == 200, "\(answer)")
                #expect(answer.json["known"] == 4)
                #expect(answer.json["accepted"] == 4)
            }
        } catch {
            await postgres.stop()
            throw error
        }
        await postgres.stop()
    }

    private func expectAway(_ service: TestService, pushing life: [Event]) async throws {
        #expect(try await service.get("/healthz").status == 200)
        #expect(try await service.get("/openapi.json").status == 200)
        for uri in [
            "/readyz", "/v1/servers", "/v1/servers?at=2026-11-23T10:00:00Z", "/v1/servers/\(Sample.alpha.lower)",
            "/v1/servers/\(Sample.alpha.lower)/history", "/v1/events", "/v1/events/0/0",
        ] {
            let answer = try await service.get(uri)
            #expect(isUnavailable(answer), "\(uri): \(answer)")
        }
        let answer = try await service.push(life.map(\.text).joined(separator: "\n"))
        #expect(isUnavailable(answer), "\(answer)")
        for uri in ["/v2/share-servers", "/v2/p/share-servers/\(Sample.alpha.lower)"] {
            let answer = try await service.get(uri)
            #expect(answer.status == 503)
            #expect(answer.json.at("serviceUnavailable.code") == 503, "\(answer)")
        }
        // What can be refused without the database is.
        #expect(try await service.get("/v1/servers?limit=0").isProblem(400, parameter: "limit"))
        #expect(try await service.push("x", as: "text/plain").isProblem(415))
    }

    @Test("While every connection is lent, the answer is 503 and not an error", .log)
    func busy() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1, wait: .milliseconds(20))
        try await TestService.with(pool: pool) { service in
            try await pool.withConnection { _ in
                let answer = try await service.get("/v1/servers")
                #expect(isUnavailable(answer), "\(answer)")
            }
            #expect(try await service.get("/v1/servers").status == 200)
        }
    }

    @Test("A question that takes too long is given up with 503", .log)
    func slow() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1, setup: ["SET statement_timeout = '100ms'"])
        try await TestService.with(pool: pool) { service in
            try await service.append(Sample.life(of: Sample.alpha))
            try await service.tamper(
                """
                CREATE OR REPLACE FUNCTION dossier.status_class(status text) RETURNS text LANGUAGE sql VOLATILE AS
                $$ SELECT pg_sleep(600)::text $$
                """)
            #expect(isUnavailable(try await service.get("/v1/servers?class=failed")))
            #expect(try await service.get("/v1/servers").status == 200)
        }
    }

    @Test("A log that has been closed takes nothing more", .log)
    func closed() async throws {
        try await TestService.with { service in
            let life = try Sample.life(of: Sample.alpha)
            try await service.append(life)
            await service.log.close()
            #expect(isUnavailable(try await service.push(life[0].text)))
            #expect(try await service.get("/v1/servers").status == 200)
        }
    }
}
