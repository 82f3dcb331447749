import DatabaseTesting
import Postgres
import Testing

/// What a test's log holds, by SQL alone.
struct StoredLog {
    let url: String

    /// The rows of one column of text.
    func texts(_ sql: String) async throws -> [String] {
        try await DatabaseTesting.texts(sql, of: url)
    }

    /// All that was acknowledged is in the log once, and there.
    func expect(_ acknowledged: [String: String]) async throws {
        let stored = try await texts(
            """
            SELECT (body::json ->> 'id') || ' ' || lane || '/' || position FROM dossier.entries
            WHERE body::json ->> 'source' = '/test'
            """)
        var places: [String: [String]] = [:]
        for row in stored {
            let parts = row.split(separator: " ").map(String.init)
            places[parts[0], default: []].append(parts[1])
        }
        #expect(acknowledged.filter { places[$0.key] != [$0.value] } == [:])
    }

    /// Of the events that tests push and import, the log holds those of `ids`, each once.
    func expectOnceEach(_ ids: [String]) async throws {
        let stored = try await texts(
            "SELECT body::json ->> 'id' FROM dossier.entries WHERE body::json ->> 'source' = '/test'")
        #expect(stored.count == ids.count)
        #expect(Set(stored) == Set(ids))
        try await expectSound()
    }

    /// Positions are gapless, and the tree is sound.
    func expectSound() async throws {
        let gaps = try await texts(
            """
            SELECT lane::text FROM dossier.entries GROUP BY lane
            HAVING count(*) <> max(position) + 1 OR min(position) <> 0 OR count(DISTINCT position) <> count(*)
            """)
        #expect(gaps == [])
        let verify = try await Program.run(["verify", "--database", url])
        #expect(verify.status == 0, "\(verify.output)\(verify.errors)")
    }

    /// Each answered call once with its answer; each intent with one outcome; nothing passed on without an intent.
    func expectCalls(_ answered: Set<String>, passedOn: Int) async throws {
        let calls = try await texts("SELECT request_id FROM dossier.entries WHERE http_status = 202")
        #expect(Set(calls).count == calls.count)
        #expect(answered.subtracting(calls) == [])
        // What former processes left without an outcome is looked for once the log and the source are this one's.
        let deadline = ContinuousClock.now + .seconds(600)
        var (intents, outcomes) = try await told()
        while intents != outcomes, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(100))
            (intents, outcomes) = try await told()
        }
        #expect(intents == outcomes)
        #expect(Set(intents).count == intents.count && intents.count >= passedOn)
    }

    /// The ids of all intents, and of all outcomes, in order.
    private func told() async throws -> (intents: [String], outcomes: [String]) {
        let intents = try await texts(
            "SELECT substr(body::json ->> 'id', 8) FROM dossier.entries WHERE type = 'org.dossier.gateway.intent'")
        let outcomes = try await texts(
            "SELECT substr(body::json ->> 'id', 6) FROM dossier.entries WHERE operation = 'delete'")
        return (intents.sorted(), outcomes.sorted())
    }

    /// The projections, once they are level with the log, are what a rebuild makes of it; nothing may append meanwhile.
    func expectProjectionsAsRebuilt() async throws {
        // What a rebuild that was killed left behind is level once the next has gone on with it.
        let behind = """
            SELECT p.projection || ' ' || p.lane FROM dossier.projections p JOIN dossier.log_heads h ON h.lane = p.lane
            WHERE p.position <> h.size AND p.projection NOT LIKE '%/rebuild'
            """
        try await wait(for: "the projections to become level with the log", within: .seconds(900)) {
            try await texts(behind).isEmpty
        }
        let live = try await projections()
        let rebuild = try await Program.run(["rebuild", "--database", url])
        #expect(rebuild.status == 0, "\(rebuild)")
        let rebuilt = try await projections()
        #expect(rebuilt == live)
        #expect(!live.isEmpty)
    }

    /// A hash over all rows of each table of projections.
    private func projections() async throws -> [String] {
        var hashes: [String] = []
        for table in try await texts("SELECT name::text FROM dossier.projection_tables ORDER BY 1") {
            let sql = """
                SELECT '\(table) ' || count(*) || ' '
                    || coalesce(md5(string_agg(to_jsonb(t)::text, ' ' ORDER BY to_jsonb(t)::text)), '')
                FROM dossier.\(table) t
                """
            hashes += try await texts(sql)
        }
        return hashes
    }
}
