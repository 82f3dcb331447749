import DatabaseTesting
import Postgres
import Testing

/// Waits until the test's database has `count` other sessions that answer to `condition`, over pg_stat_activity.
func waitForSessions(
    _ count: Int64, where condition: String = "true", seenBy observer: Connection
) async throws {
    try await wait(for: "\(count) sessions where \(condition)") {
        try await observer.value(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
                AND \(condition)
            """) == count
    }
}
