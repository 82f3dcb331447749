import Postgres
import Queries
import Testing

extension TestLog {
    /// Waits until the projection has applied all that was appended; answers how long that took.
    @discardableResult
    func waitUntilLevel(within limit: Duration = .seconds(600)) async throws -> Duration {
        let connection = try await Connection.open(url)
        let waited = try await wait(for: "the projection to be level with the log", within: limit) {
            let progress = try await connection.run {
                try $0.fetchAll(Queries.Projections.fetchProgress(projections: ["servers"]))
            }
            return progress.allSatisfy { $0.position == $0.size }
        }
        await connection.close()
        return waited
    }

    /// Waits until `count` sessions of this database answer to `condition`, over pg_stat_activity.
    func waitForSessions(_ count: Int64, where condition: String) async throws {
        let connection = try await Connection.open(url)
        let sessions = Query<Int64>(
            statement: Statement(
                name: "sessions",
                sql: """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND \(condition)
                    """)
        ) { row throws(PostgresError) in try row[0] }
        try await wait(for: "\(count) sessions where \(condition)", within: .seconds(600)) {
            try await connection.run { try $0.fetchOne(sessions) } == count
        }
        await connection.close()
    }
}

/// Waits until something holds, looking every few milliseconds; answers how long it took.
@discardableResult
func wait(
    for what: Comment, within limit: Duration, until holds: () async throws -> Bool
) async throws -> Duration {
    let clock = ContinuousClock()
    let begun = clock.now
    while try await !holds() {
        try #require(clock.now - begun < limit, "waited in vain for \(what)")
        try await Task.sleep(for: .milliseconds(3))
    }
    return clock.now - begun
}
