import DatabaseTesting
import Postgres
import Testing

@testable import Schema

/// The partitions of the log, made ahead of the entries.
@Suite(.database, .timeLimit(.minutes(20))) struct PartitionTests {
    private let database = Database()

    /// What partitions the parent has, beside what is written down of them.
    private func partitions() async throws -> [String] {
        let attached = try await database.texts(
            """
            SELECT c.relname || ' ' || pg_get_expr(c.relpartbound, c.oid)
            FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
            WHERE inhparent = 'dossier.log_entries'::regclass ORDER BY c.relname
            """)
        let recorded = try await database.texts(
            """
            SELECT name || ' FOR VALUES FROM (''' || from_position || ''') TO (''' || until_position || ''')'
            FROM dossier.entry_partitions ORDER BY from_position
            """)
        #expect(attached == recorded)
        return recorded
    }

    @Test("A log begins with two partitions; more follow one another without a gap, as far as is asked")
    func following() async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        #expect(try await partitions().count == 2)
        for (wanted, covered) in [(0, 2000), (2000, 2000), (2001, 3000), (5500, 6000), (10, 6000), (6000, 6000)] {
            #expect(try await database.texts("SELECT dossier.create_partitions(\(wanted))") == ["\(covered)"])
        }
        let expected = (0..<6).map {
            "entries_p00000\($0) FOR VALUES FROM ('\($0 * 1000)') TO ('\(($0 + 1) * 1000)')"
        }
        #expect(try await partitions() == expected)
    }

    @Test("An entry beyond the last partition is refused, and taken once there is one")
    func beyond() async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        let entry = """
            INSERT INTO dossier.log_entries (lane, position, occurred_at, recorded_at, type, leaf_hash, body)
            VALUES (0, 2000, now(), now(), 'org.example', '', '')
            """
        // check_violation: no partition of relation found for row
        #expect(try await database.state(entry, as: "dossier_writer") == "23514")
        #expect(try await database.state("SELECT dossier.create_partitions(2001)", as: "dossier_writer") == "done")
        #expect(try await database.state(entry, as: "dossier_writer") == "done")
        #expect(
            try await database.texts(
                "SELECT relname FROM dossier.entries e JOIN pg_class c ON c.oid = e.tableoid") == ["entries_p000002"])
    }

    @Test("Eight writers that need partitions at once get each partition once")
    func atOnce() async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        let database = database
        try await withThrowingTaskGroup(of: [String].self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await database.texts(
                        "SELECT dossier.create_partitions(\(9001 + number % 3 * 1000))", as: "dossier_writer")
                }
            }
            for try await covered in group { #expect(["10000", "11000", "12000"].contains(covered[0])) }
        }
        #expect(try await partitions().count == 12)
    }

    /// Answers must not wait until a batch that needed a partition is committed, nor the batch for a long answer.
    @Test("Making a partition neither waits for readers and writers nor makes them wait")
    func withoutWaiting() async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        @Sendable func entry(_ position: Int) -> String {
            """
            INSERT INTO dossier.log_entries (lane, position, occurred_at, recorded_at, type, leaf_hash, body)
            VALUES (0, \(position), now(), now(), 'org.example', '', '')
            """
        }
        let setup = ["SET ROLE dossier_writer", "SET lock_timeout = '1ms'"]
        let user = try await Connection.open(database.url, setup: setup)
        let maker = try await Connection.open(database.url, setup: setup)
        try await user.run { try $0.execute("BEGIN; \(entry(0)); SELECT FROM dossier.entries") }
        try await maker.run { try $0.execute("BEGIN; SELECT dossier.create_partitions(2001)") }
        // The other way round: the partition is not committed while these come.
        let other = try await Connection.open(database.url, setup: setup)
        try await other.run { try $0.execute("SELECT FROM dossier.entries; \(entry(500))") }
        for connection in [maker, user] { try await connection.run { try $0.execute("COMMIT") } }
        for connection in [maker, user, other] { await connection.close() }
        #expect(try await partitions().count == 3)
        #expect(try await database.texts("SELECT count(*) FROM dossier.entries") == ["2"])
    }

    @Test("A partition that is made later has the indexes of the first and refuses every change")
    func alike() async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        try await database.execute("SELECT dossier.create_partitions(4000)", as: "dossier_writer")
        for number in 0..<4 {
            let table = "dossier.entries_p00000\(number)"
            let indexes = try await database.texts(
                """
                SELECT regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \\S+ ON \\S+', '') FROM pg_index
                WHERE indrelid = '\(table)'::regclass ORDER BY 1
                """)
            let parents = try await database.texts(
                """
                SELECT regexp_replace(pg_get_indexdef(indexrelid), 'INDEX \\S+ ON ONLY \\S+', '') FROM pg_index
                WHERE indrelid = 'dossier.entries'::regclass ORDER BY 1
                """)
            #expect(indexes == parents)
            #expect(indexes.count == 8)
            for change in ["UPDATE \(table) SET body = ''", "DELETE FROM \(table)", "TRUNCATE \(table)"] {
                #expect(try await database.state(change) == "P0001", "\(change)")
            }
        }
    }
}
