import DatabaseTesting
import Postgres
import Testing

/// Waits until something holds, looking every few milliseconds.
func wait(
    for what: Comment, within limit: Duration = .seconds(600), until holds: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let begun = clock.now
    while try await !holds() {
        try #require(clock.now - begun < limit, "waited in vain for \(what)")
        try await Task.sleep(for: .milliseconds(3))
    }
}

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
