import DatabaseTesting
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
