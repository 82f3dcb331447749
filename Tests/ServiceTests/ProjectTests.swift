import DatabaseTesting
import EventLog
import HTTPTypes
import Postgres
import Projections
import ShareServers
import Testing

@testable import Service

/// That whoever may read some projects sees nothing else.
@Suite(.log, .timeLimit(.minutes(20))) struct ProjectTests {
    /// A foreign server, of which every name is one that occurs nowhere else.
    private static let foreign: [String: JSON] = [
        "host": "foreign@host", "project_id": "foreign-project", "share_network_id": "foreign-network",
    ]
    private static let signs = [Sample.beta.lower, "foreign"]

    private static func events() throws -> [Event] {
        let calls: [String: JSON] = [
            "request_id": "req-foreign", "actor": ["user_id": "foreign-user", "project_id": "foreign-admin"],
            "duration_ms": 10, "fault": ["code": 500, "message": "foreign"],
        ]
        return try Sample.life(of: Sample.alpha) + [
            Sample.status(Sample.beta, "creating", at: 2, foreign),
            Sample.status(Sample.beta, "error", at: 30, foreign),
            Sample.call(Sample.beta, "delete", 500, at: 31, calls),
            Sample.details(Sample.beta, ["ip": "foreign"], at: 32),
            // Of no server at all.
            Sample.call(nil, "list", 500, at: 33, calls), Sample.coverage(at: 34),
        ]
    }

    private func with(
        _ projects: [String], _ body: (TestService, _ own: HTTPFields, _ all: HTTPFields) async throws -> Void
    ) async throws {
        func headers(_ token: Token) -> HTTPFields { [.authorization: "Bearer \(token.text)"] }
        let (own, all) = (try await Token.made(.read, projects: projects), try await Token.made(.read))
        let admission = Admission(url: DatabaseTrait.url, isLoopback: false)
        try await TestService.with(admission: admission) { try await body($0, headers(own), headers(all)) }
        await admission.close()
    }

    private static let window = "from=2026-11-23T08:00:00Z&until=2026-11-23T11:00:00Z"

    /// Each route that a reader of some projects may use, with questions that name no server.
    private static let questions =
        [
            "/v1/servers", "/v1/servers?at=2026-11-23T09:00:40Z", "/v1/servers?known_at=2026-11-23T09:30:00Z",
            "/v1/servers?known_at=12", "/v1/servers/diff?from=2026-11-23T09:00:00Z&until=2026-11-23T10:00:00Z",
            "/v1/events",
            "/v1/events?type=org.dossier.source.coverage",
        ] + ["time-in-state", "reliability", "capacity", "calls"].map { "/v1/metrics/\($0)?\(window)" } + [
            "/v1/metrics/calls?by=project&\(window)", "/v1/metrics/time-in-state?by=project&\(window)",
            "/v1/metrics/calls?by=actor&from=2026-11-23T09:00:00Z&until=2026-11-23T09:10:00Z",
            "/v1/errors?\(window)", "/v1/stuck", "/v1/coverage?\(window)", "/v1/conformance?\(window)",
            "/v2/share-servers", "/v2/p1/share-servers", "/at/2026-11-23T09:00:40Z/v2/share-servers",
        ]

    /// The oracle is what a reader of all is told, who asks for the project.
    @Test("No answer holds anything of another project, and each is what a reader of all is told of theirs")
    func foreign() async throws {
        try await with(["p1"]) { service, own, all in
            try await service.append(Self.events())
            for question in Self.questions {
                let (answer, whole) = (try await service.get(question, own), try await service.get(question, all))
                #expect(answer.status == 200 && whole.status == 200, "\(question): \(answer)")
                for sign in Self.signs { #expect(!answer.text.contains(sign), "\(question): \(answer)") }
            }
            for question in [
                "/v1/servers", "/v1/servers?at=2026-11-23T09:00:40Z", "/v1/metrics/time-in-state?\(Self.window)",
                "/v1/metrics/capacity?\(Self.window)", "/v1/errors?kind=episode&\(Self.window)",
                "/v1/servers?known_at=2026-11-23T09:30:00Z",
            ] {
                let joint = question.contains("?") ? "&" : "?"
                var mine = try await service.get(question, own).json.object ?? [:]
                var theirs = try await service.get(question + joint + "project_id=p1", all).json.object ?? [:]
                (mine["as_of"], theirs["as_of"]) = (nil, nil)
                #expect(mine == theirs, "\(question)")
            }
            // The calls of a server are those of its own, whoever made them.
            let calls = try await service.get("/v1/metrics/calls?by=fleet&\(Self.window)", own)
            #expect(calls.json.at("groups.0.calls") == 4, "\(calls)")
        }
    }

    @Test("A server of another project and its entries are not there, as those that never were")
    func notThere() async throws {
        try await with(["p1"]) { service, own, all in
            try await service.append(Self.events())
            for path in ["", "/history"] {
                let found = try await service.get("/v1/servers/\(Sample.beta.lower)\(path)", own)
                let unknown = try await service.get("/v1/servers/\(Sample.server(9).lower)\(path)", own)
                #expect(found.status == 404 && unknown.status == 404, "\(found)")
                let detail = unknown.json["detail"]?.string?.replacing(Sample.server(9).lower, with: Sample.beta.lower)
                #expect(found.json["detail"]?.string == detail)
                #expect(try await service.get("/v1/servers/\(Sample.beta.lower)\(path)", all).status == 200)
                #expect(try await service.get("/v1/servers/\(Sample.alpha.lower)\(path)", own).status == 200)
            }
            #expect(try await service.get("/v2/share-servers/\(Sample.beta.lower)", own).status == 404)
            for position in 0..<14 {
                let status = try await service.get("/v1/events/0/\(position)", own).status
                #expect(status == (position < 8 ? 200 : 404), "\(position)")
                #expect(try await service.get("/v1/events/0/\(position)", all).status == 200)
                // No checkpoint was signed: that is told of entries that are there.
                let proof = try await service.get("/v1/events/0/\(position)/proof", own).status
                #expect(proof == (position < 8 ? 409 : 404))
            }
        }
    }

    @Test("A rebuild shows each what they saw before")
    func rebuilt() async throws {
        try await with(["p1"]) { service, own, _ in
            try await service.append(Self.events())
            func answers() async throws -> [JSON] {
                var answers: [JSON] = []
                for question in Self.questions {
                    var members = try await service.get(question, own).json.object ?? [:]
                    // When it was asked.
                    for name in ["as_of", "at"] { members[name] = nil }
                    answers.append(.object(members))
                }
                return answers
            }
            let before = try await answers()
            for projection in Projection.all { try await projection.rebuild(url: service.url) }
            for (number, (now, then)) in zip(try await answers(), before).enumerated() {
                #expect(now.differences(from: then) == [], "\(Self.questions[number])")
            }
            #expect(try await rows("dossier.servers", of: ["p1"]) == 1)
        }
    }

    @Test("A server that changes its project is shown, with all that it was, to readers of the new one alone")
    func moved() async throws {
        try await with(["foreign-project"]) { service, own, _ in
            try await service.append(Self.events())
            #expect(try await service.get("/v1/servers/\(Sample.alpha.lower)", own).status == 404)
            try await service.append([
                Sample.status(Sample.alpha, "active", at: 100, ["project_id": "foreign-project"])
            ])
            #expect(try await service.get("/v1/servers/\(Sample.alpha.lower)/history", own).status == 200)
            #expect(try await service.get("/v1/events/0/0", own).status == 200)
        }
        try await with(["p1"]) { service, own, _ in
            let servers = try await service.get("/v1/servers", own)
            #expect(servers.json["servers"] == [])
            let entry = try await service.get("/v1/events/0/0", own)
            #expect(entry.status == 404)
        }
    }

    /// Rows that the role of project readers sees.
    private func rows(_ table: String, of projects: [String]?) async throws -> Int64 {
        let pool = QueryService.projectPool(url: DatabaseTrait.url, limit: 1)
        let set = projects.map { "SELECT set_config('dossier.projects', '{\($0.joined(separator: ","))}', true)" }
        let count = try await pool.transaction { connection in
            if let set { try connection.execute(set) }
            let query = Query<Int64>(statement: Statement(name: "rows", sql: "SELECT count(*) FROM \(table)")) {
                row throws(PostgresError) in try row[0]
            }
            return try connection.fetchOne(query)
        }
        await pool.close()
        return count
    }

    @Test("Whoever forgets to say which projects sees nothing, and nobody sees beside the tables that are restricted")
    func forgotten() async throws {
        try await with(["p1"]) { service, _, _ in
            try await service.append(Self.events())
            let restricted = [
                "servers", "status_intervals", "error_episodes", "call_stats", "server_calls", "coverage",
                "server_sources", "entries",
            ]
            for table in restricted { #expect(try await rows("dossier.\(table)", of: nil) == 0, "\(table)") }
            #expect(try await rows("dossier.entries", of: ["p1"]) == 8)
            for table in ["log_entries", "entries_p000000", "event_keys", "checkpoints", "tokens"] {
                await #expect("\(table)") {
                    _ = try await rows("dossier.\(table)", of: ["p1"])
                } throws: {
                    ($0 as? PostgresError)?.sqlState == "42501"
                }
            }
        }
    }
}
