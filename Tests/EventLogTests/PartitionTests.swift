import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Testing

@Suite(.database) struct PartitionTests {
    /// The partitions that PostgreSQL has, with their bounds.
    private func bounds(in log: TestLog) async throws -> [String] {
        try await log.all(
            """
            SELECT pg_get_expr(child.relpartbound, child.oid) FROM pg_inherits
            JOIN pg_class child ON child.oid = inhrelid
            WHERE inhparent = 'dossier.log_entries'::regclass ORDER BY child.relname
            """)
    }

    @Test("A new log has partitions for its first entries", arguments: [Int16(1), 4])
    func first(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let bounds = try await bounds(in: log)
        #expect(bounds.first == "FOR VALUES FROM ('0') TO ('1000')")
        #expect(bounds.count >= 2)
    }

    @Test("Partitions are made ahead and crossed without a gap", arguments: [Int16(1), 4], [5000, 700])
    func crossed(lanes: Int16, batch: Int) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try Made.events(0..<5000, of: log.server)
        for start in stride(from: 0, to: events.count, by: batch) {
            let end = min(start + batch, events.count)
            try await log.append(new: Array(events[start..<end]))
            let covered: Int64 = try await log.one("SELECT max(until_position) FROM dossier.entry_partitions")
            #expect(covered > Int64(end), "the next entry has no partition yet")
        }
        let bounds = try await bounds(in: log)
        #expect(bounds == (0..<bounds.count).map { "FOR VALUES FROM ('\($0 * 1000)') TO ('\($0 * 1000 + 1000)')" })
        let kept: [String] = try await log.all(
            """
            SELECT name || ': ' || count(*) || ' from ' || min(position) || ' to ' || max(position)
            FROM dossier.entries e JOIN dossier.entry_partitions ON e.tableoid = ('dossier.' || name)::regclass
            WHERE lane = \(log.lane) AND position >= from_position AND position < until_position
            GROUP BY name ORDER BY name
            """)
        #expect(kept == (0..<5).map { "entries_p00000\($0): 1000 from \($0 * 1000) to \($0 * 1000 + 999)" })
        #expect(try await log.verify(log.lane).entries == 5000)
        try await log.expectSound()
    }

    @Test("Several processes make partitions at once", arguments: [Int16(1), 4])
    func concurrently(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await withThrowingTaskGroup { group in
            for appender in 0..<3 {
                group.addTask {
                    let own = try await Log.open(url: log.url)
                    let events = try Made.events(0..<1500, inAll: lanes, source: "/\(appender)")
                    for start in stride(from: 0, to: 1500, by: 500) {
                        let receipts = try await own.append(Array(events[start..<start + 500]))
                        #expect(receipts.allSatisfy { $0.outcome == .appended })
                    }
                    await own.close()
                }
            }
            try await group.waitForAll()
        }
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 4500)
        let gaps: Int64 = try await log.one(
            """
            SELECT count(*) FROM (
                SELECT from_position, lag(until_position, 1, 0::bigint) OVER (ORDER BY from_position) AS former
                FROM dossier.entry_partitions) p
            WHERE from_position <> former
            """)
        #expect(gaps == 0)
        try await log.expectSound()
    }
}
