import DatabaseTesting
import HTTPTypes
import Postgres
import Queries
import ShareServers
import Testing

@testable import Service

/// From the first token to the last.
extension AccessTests {
    @Test("Without tokens this machine may read and push; as soon as there is one, nobody may without")
    func open() async throws {
        try await guarded(isLoopback: true) { service in
            #expect(try await service.get("/v1/servers").status == 200)
            #expect(try await service.push(Self.event).status == 200)
            // One of OpenStack's is no hindrance: its clients show one wherever they are sent.
            #expect(try await service.get("/v2/share-servers", [.authToken: "gAAAAABn"]).status == 200)
            // One of ours that is none lets nobody in, whoever may do without.
            #expect(try await service.get("/v1/servers", [Self.bearer: "Bearer dossier_x"]).status == 401)
            let token = try await token(.read)
            try await revoke(token)
            try await wait(for: "a token to be asked for") { try await service.get("/v1/servers").status != 200 }
            // Not even where the last one was revoked.
            #expect(try await service.get("/v1/servers").status == 401)
            #expect(try await service.push(Self.event).status == 401)
            #expect(try await service.get("/v2/share-servers", [.authToken: "gAAAAABn"]).status == 401)
            #expect(try await service.get("/healthz").status == 200)
        }
    }

    @Test("Beyond this machine nobody is let in without a token, should there be none yet")
    func beyond() async throws {
        try await guarded { service in
            let answer = try await service.get("/v1/servers")
            #expect(answer.isProblem(401) && answer.text.contains("dossier tokens create"), "\(answer)")
        }
    }

    @Test("A token that is revoked lets nobody in a few seconds later")
    func revocation() async throws {
        let token = try await token(.read)
        try await guarded { service in
            let headers: HTTPFields = [Self.bearer: "bearer \(token.text)"]
            #expect(try await service.get("/v1/servers", headers).status == 200)
            try await revoke(token)
            let revokedAt = ContinuousClock.now
            while try await service.get("/v1/servers", headers).status == 200 {
                try #require(revokedAt.duration(to: .now) < .seconds(600))
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try await service.get("/v1/servers", headers).text.contains("revoked"))
        }
    }

    @Test("When a token was last used is noted, and not on the way of a request")
    func uses() async throws {
        let token = try await token(.read)
        func used() async throws -> Timestamp? {
            let connection = try await Connection.open(DatabaseTrait.url)
            let rows = try await connection.run { try $0.fetchAll(Queries.Access.fetchTokens()) }
            await connection.close()
            return rows.first?.usedAt
        }
        try await guarded { service in
            let before = Timestamp.now
            #expect(try await service.get("/v1/servers", [Self.bearer: "Bearer \(token.text)"]).status == 200)
            #expect(try await used() == nil)
            await service.query.admission?.noteUses()
            let at = try #require(try await used())
            #expect(at >= before.advanced(by: .milliseconds(-1)) && at <= .now)
        }
    }

    @Test("Two different tokens in one request are a mistake that is told")
    func twoTokens() async throws {
        let (one, other) = (try await token(.read), try await token(.read))
        try await guarded { service in
            let both: HTTPFields = [Self.bearer: "Bearer \(one.text)", .authToken: other.text]
            let different = try await service.get("/v1/servers", both)
            #expect(different.isProblem(400))
            let same: HTTPFields = [Self.bearer: "Bearer \(one.text)", .authToken: one.text]
            let equal = try await service.get("/v1/servers", same)
            #expect(equal.status == 200)
        }
    }

    @Test("While the database is away nobody is let in, and probes are answered")
    func away() async throws {
        let admission = Admission(url: "host=/nowhere-at-all", isLoopback: true)
        try await TestService.with(admission: admission) { service in
            for headers: HTTPFields in [[:], [Self.bearer: "Bearer \(Token().text)"]] {
                let answer = try await service.get("/v1/servers", headers)
                #expect(answer.isProblem(503) && answer.headers[.retryAfter] != nil, "\(answer)")
            }
            #expect(try await service.get("/healthz").status == 200)
        }
        await admission.close()
    }
}
