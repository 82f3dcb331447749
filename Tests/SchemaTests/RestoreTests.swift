import DatabaseTesting
import Postgres
import Testing

@testable import Schema

/// A backup by PostgreSQL's own programs.
@Suite(.database, .timeLimit(.minutes(20))) struct RestoreTests {
    private let database = Database()

    @Test("A log that was dumped and restored has every row as it was, and dumps as before")
    func same() async throws {
        try await FilledLog.fill(database)
        let dump = try await PostgresProgram.dump(database.url)
        let rows = try await FilledLog.rows(database)
        try await PostgresProgram.withDatabase { url in
            try await PostgresProgram.restore(dump, into: url)
            #expect(try await FilledLog.rows(Database(url: url)) == rows)
            #expect(try await PostgresProgram.dump(url) == dump)
        }
    }

    @Test("Every body, leaf, subtree and root of a restored log still agrees")
    func valid() async throws {
        try await FilledLog.fill(database)
        #expect(try await FilledLog.faults(database) == [])
        let dump = try await PostgresProgram.dump(database.url)
        try await PostgresProgram.withDatabase { url in
            try await PostgresProgram.restore(dump, into: url)
            #expect(try await FilledLog.faults(Database(url: url)) == [])
            // The check can find something: one body changed behind the triggers' back.
            try await Database(url: url).execute(
                """
                SET session_replication_role = replica;
                UPDATE dossier.entries SET body = body || ' ' WHERE lane = 0 AND position = 17
                """)
            #expect(try await FilledLog.faults(Database(url: url)) != [])
        }
    }

    @Test("A restored log is as append-only as before, the tables and each partition")
    func appendOnly() async throws {
        try await FilledLog.fill(database)
        let dump = try await PostgresProgram.dump(database.url)
        try await PostgresProgram.withDatabase { url in
            try await PostgresProgram.restore(dump, into: url)
            let restored = Database(url: url)
            let partitions = try await restored.texts("SELECT name FROM dossier.entry_partitions")
            #expect(partitions.count == 3)
            let tables = ["entries", "event_keys", "subtrees", "checkpoints", "checkpoint_signatures"]
            for table in tables + partitions {
                for change in [
                    "UPDATE dossier.\(table) SET lane = lane", "DELETE FROM dossier.\(table)",
                    "TRUNCATE dossier.\(table)",
                ] {
                    // raise_exception for the superuser, insufficient_privilege for the roles
                    #expect(try await restored.state(change) == "P0001", "\(change)")
                    #expect(try await restored.state(change, as: "dossier_writer") == "42501", "\(change)")
                    #expect(try await restored.state(change, as: "dossier_reader") == "42501", "\(change)")
                }
            }
            #expect(try await restored.state("DELETE FROM dossier.log_heads") == "P0001")
            #expect(try await restored.state("DELETE FROM dossier.log_settings") == "P0001")
        }
    }

    @Test("A restored log is up to date, and a writer goes on where it ended, into new partitions")
    func goesOn() async throws {
        try await FilledLog.fill(database)
        let dump = try await PostgresProgram.dump(database.url)
        try await PostgresProgram.withDatabase { url in
            try await PostgresProgram.restore(dump, into: url)
            let restored = Database(url: url)
            #expect(try await Migration.migrate(url: url, lanes: 9) == [])
            try await restored.execute(
                """
                SELECT dossier.create_partitions(3001);
                SELECT FROM dossier.log_heads WHERE lane = 0 FOR UPDATE;
                INSERT INTO dossier.log_entries (lane, position, occurred_at, recorded_at, type, leaf_hash, body)
                VALUES (0, \(FilledLog.size), now(), now(), 'org.example', sha256('\\x0061'), 'a'),
                    (0, 3000, now(), now(), 'org.example', sha256('\\x0061'), 'a');
                UPDATE dossier.log_heads SET size = size + 1 WHERE lane = 0
                """, as: "dossier_writer")
            #expect(
                try await restored.texts("SELECT name FROM dossier.entry_partitions ORDER BY 1 DESC LIMIT 1") == [
                    "entries_p000003"
                ])
            #expect(try await restored.state("DELETE FROM dossier.entries_p000003") == "P0001")
            // An entry that is there already is refused: unique_violation.
            #expect(
                try await restored.state(
                    """
                    INSERT INTO dossier.log_entries (lane, position, occurred_at, recorded_at, type, leaf_hash, body)
                    VALUES (0, 17, now(), now(), 'org.example', '', '')
                    """, as: "dossier_writer") == "23505")
        }
    }
}
