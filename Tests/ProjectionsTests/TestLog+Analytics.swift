import Postgres

extension TestLog {
    /// The tables of errors, calls and coverage as the fold writes their rows.
    func analytics() async throws -> AnalyticsFold {
        let connection = try await Connection.open(url)
        let rows = try await connection.run { connection in
            try [Self.episodes, Self.calls, Self.coverage, Self.sources].map { sql in
                try connection.fetchAll(
                    Query<String>(statement: Statement(name: "analytics", sql: sql)) { row throws(PostgresError) in
                        try row[0]
                    })
            }
        }
        await connection.close()
        var fold = AnalyticsFold([])
        fold.episodes = rows[0].map { named($0, [1, 6, 9, 11]) }.sorted()
        fold.calls = rows[1].sorted()
        fold.coverage = rows[2].map { named($0, [3, 5]) }.sorted()
        fold.sources = Set(rows[3])
        return fold
    }

    /// Rows of which the tables and the fold differ; at most three of each kind.
    func analyticsDisagreements() async throws -> [String] {
        let (expected, actual) = (AnalyticsFold(told), try await analytics())
        let pairs: [([String], [String])] = [
            (expected.episodes, actual.episodes), (expected.calls, actual.calls),
            (expected.coverage, actual.coverage), (Array(expected.sources), Array(actual.sources)),
        ]
        var differences: [String] = []
        for (expected, actual) in pairs {
            for row in Set(expected).subtracting(actual).prefix(3) { differences.append("missing: \(row)") }
            for row in Set(actual).subtracting(expected).prefix(3) { differences.append("wrong: \(row)") }
            if expected.count != actual.count { differences.append("\(actual.count) rows, not \(expected.count)") }
        }
        return differences
    }

    /// The row with the entries in its fields named by their events.
    private func named(_ row: String, _ fields: [Int]) -> String {
        var parts = row.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        for field in fields {
            let entry = parts[field].split(separator: "/")
            if entry.count == 2, let lane = Int16(entry[0]), let position = Int64(entry[1]) {
                parts[field] = id(lane, position) ?? "none"
            }
        }
        return parts.joined(separator: "|")
    }

    private static func time(_ column: String) -> String {
        #"coalesce(to_char(\#(column) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '-')"#
    }

    private static let episodes = """
        SELECT concat_ws('|', server_id, lane || '/' || position, \(time("from_at")), status,
            coalesce(former_status, '-'), visits, coalesce(lane || '/' || cause_position, '-'), is_asserted::text,
            \(time("until_at")), coalesce(lane || '/' || until_position, '-'), coalesce(until_status, '-'),
            coalesce(lane || '/' || until_cause_position, '-'), coalesce(resolution, '-'), coalesce(host, '-'),
            coalesce(project_id, '-'), coalesce(share_network_id, '-'), \(time("not_before")))
        FROM dossier.error_episodes
        """

    private static let calls = """
        SELECT concat_ws('|', lane, \(time("hour_at")), bucket, operation, http_class, host, project_id, actor_user_id,
            calls, duration_us)
        FROM dossier.call_stats
        """

    private static let coverage = """
        SELECT concat_ws('|', lane, source, state, lane || '/' || position, \(time("from_at")),
            lane || '/' || until_position, \(time("until_at")), has_stopped::text)
        FROM dossier.coverage
        """

    private static let sources =
        "SELECT concat_ws('|', lane, server_id, source) FROM dossier.server_sources, unnest(sources) AS told (source)"
}
