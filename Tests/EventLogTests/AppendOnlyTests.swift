import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Testing

@Suite(.database) struct AppendOnlyTests {
    private static let insufficientPrivilege = "42501"
    private static let raised = "P0001"

    /// A log with entries in two partitions and a whole block, and the tables that must not change.
    private func filled(_ lanes: Int16) async throws -> (log: TestLog, tables: [String]) {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<1100, of: log.server))
        let partitions: [String] = try await log.all(
            "SELECT 'dossier.' || name FROM dossier.entry_partitions ORDER BY name")
        #expect(partitions.count >= 2)
        let signed = ["dossier.checkpoints", "dossier.checkpoint_signatures"]
        return (log, ["dossier.entries", "dossier.event_keys", "dossier.subtrees"] + partitions + signed)
    }

    /// The code with which PostgreSQL refuses each statement; nil where it does not.
    private func refusals(_ statements: [String], in log: TestLog, setup: [String] = []) async throws -> [String?] {
        let connection = try await Connection.open(log.url, setup: setup)
        let codes = try await connection.run { connection in
            statements.map { statement -> String? in
                do throws(PostgresError) {
                    try connection.execute(statement)
                    return nil
                } catch {
                    return error.sqlState ?? "\(error)"
                }
            }
        }
        await connection.close()
        return codes
    }

    private func expect(
        _ statements: [String], refusedWith codes: Set<String>, as role: String? = nil, in log: TestLog,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let refusals = try await refusals(statements, in: log, setup: role.map { ["SET ROLE \($0)"] } ?? [])
        for (statement, code) in zip(statements, refusals) {
            #expect(
                codes.contains(code ?? "taken"), "\(statement): \(code ?? "taken")", sourceLocation: sourceLocation)
        }
    }

    private func image(of log: TestLog) async throws -> [String] {
        try await log.all(
            """
            SELECT to_jsonb(t)::text FROM dossier.entries t UNION ALL SELECT to_jsonb(t)::text FROM dossier.event_keys t
            UNION ALL SELECT to_jsonb(t)::text FROM dossier.subtrees t
            UNION ALL SELECT to_jsonb(t)::text FROM dossier.log_heads t
            UNION ALL SELECT to_jsonb(t)::text FROM dossier.log_settings t ORDER BY 1
            """)
    }

    @Test("A writer may neither change nor remove anything", arguments: [Int16(1), 4])
    func writer(lanes: Int16) async throws {
        let (log, tables) = try await filled(lanes)
        let image = try await image(of: log)
        try await expect(
            tables.flatMap {
                [
                    "UPDATE \($0) SET lane = lane", "DELETE FROM \($0)", "TRUNCATE \($0)",
                    "DELETE FROM \($0) WHERE false",
                ]
            } + [
                "DELETE FROM dossier.log_heads", "TRUNCATE dossier.log_heads",
                "UPDATE dossier.log_settings SET lanes = 9",
                "DELETE FROM dossier.log_settings", "DELETE FROM dossier.entry_partitions",
                "UPDATE dossier.redaction_key SET key = key",
                "INSERT INTO dossier.subtrees SELECT * FROM dossier.subtrees ON CONFLICT (lane, level, index) "
                    + "DO UPDATE SET hash = excluded.hash",
            ], refusedWith: [Self.insufficientPrivilege], as: "dossier_writer", in: log)
        #expect(try await self.image(of: log) == image)
    }

    @Test("A writer cannot take away what keeps it from changing the log", arguments: [Int16(1), 4])
    func writerAndTheRules(lanes: Int16) async throws {
        let (log, tables) = try await filled(lanes)
        try await expect(
            tables.flatMap {
                [
                    "ALTER TABLE \($0) DISABLE TRIGGER ALL", "DROP TRIGGER append_only ON \($0)", "DROP TABLE \($0)",
                ]
            } + [
                "ALTER TABLE dossier.log_entries DETACH PARTITION \(tables[3])",
                "SET session_replication_role = replica",
                "DROP FUNCTION dossier.refuse_change() CASCADE", "DROP SCHEMA dossier CASCADE",
                "CREATE TABLE dossier.other (a int)", "SELECT dossier.create_log(9::smallint, 1000)",
            ], refusedWith: [Self.insufficientPrivilege], as: "dossier_writer", in: log)
    }

    @Test("Not even the superuser changes or removes entries in passing", arguments: [Int16(1), 4])
    func superuser(lanes: Int16) async throws {
        let (log, tables) = try await filled(lanes)
        let image = try await image(of: log)
        try await expect(
            tables.flatMap {
                [
                    "UPDATE \($0) SET lane = lane", "UPDATE ONLY \($0) SET lane = lane", "DELETE FROM \($0)",
                    "DELETE FROM ONLY \($0)", "DELETE FROM \($0) WHERE false", "TRUNCATE \($0)",
                    "TRUNCATE \($0) CASCADE",
                ]
            } + tables.dropFirst().map { "TRUNCATE ONLY \($0)" }
                + [
                    "UPDATE dossier.log_settings SET lanes = 9", "DELETE FROM dossier.log_settings",
                    "UPDATE dossier.redaction_key SET key = key", "DELETE FROM dossier.redaction_key",
                    "DELETE FROM dossier.log_heads", "TRUNCATE dossier.log_heads",
                    "INSERT INTO dossier.subtrees SELECT * FROM dossier.subtrees ON CONFLICT (lane, level, index) "
                        + "DO UPDATE SET hash = excluded.hash",
                    """
                    MERGE INTO dossier.event_keys k USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE
                    """,
                ], refusedWith: [Self.raised], in: log)
        // PostgreSQL itself knows no TRUNCATE ONLY of a table that has partitions.
        try await expect(["TRUNCATE ONLY dossier.entries"], refusedWith: [Self.raised, "42809"], in: log)
        #expect(try await self.image(of: log) == image)
    }

    @Test("A reader reads, and does nothing else", arguments: [Int16(1), 4])
    func reader(lanes: Int16) async throws {
        let (log, tables) = try await filled(lanes)
        let image = try await image(of: log)
        try await expect(
            tables.flatMap {
                [
                    "INSERT INTO \($0) SELECT * FROM \($0)", "INSERT INTO \($0) DEFAULT VALUES",
                    "UPDATE \($0) SET lane = lane", "DELETE FROM \($0)", "TRUNCATE \($0)",
                ]
            } + [
                "UPDATE dossier.log_heads SET size = size", "SELECT * FROM dossier.log_heads FOR UPDATE",
                "SELECT key FROM dossier.redaction_key", "SELECT dossier.create_partitions(100000)",
                "SELECT dossier.create_log(9::smallint, 1000)",
            ], refusedWith: [Self.insufficientPrivilege], as: "dossier_reader", in: log)
        #expect(try await self.image(of: log) == image)
        let readable = [
            "SELECT * FROM dossier.entries", "SELECT * FROM dossier.log_heads", "SELECT * FROM dossier.subtrees",
            "SELECT * FROM dossier.event_keys",
        ]
        let refusals = try await refusals(readable, in: log, setup: ["SET ROLE dossier_reader"])
        #expect(refusals == [nil, nil, nil, nil])
    }

    @Test("Partitions that are made later refuse changes as the first do", arguments: [Int16(1), 4])
    func laterPartitions(lanes: Int16) async throws {
        let (log, _) = try await filled(lanes)
        let before: Int64 = try await log.one("SELECT max(until_position) FROM dossier.entry_partitions")
        try await log.execute("SET ROLE dossier_writer; SELECT dossier.create_partitions(\(before + 1500))")
        let made: [String] = try await log.all(
            "SELECT 'dossier.' || name FROM dossier.entry_partitions WHERE from_position >= \(before) ORDER BY 1")
        #expect(made.count == 2)
        let statements = made.flatMap { ["UPDATE \($0) SET lane = lane", "DELETE FROM \($0)", "TRUNCATE \($0)"] }
        try await expect(statements, refusedWith: [Self.raised], in: log)
        try await expect(statements, refusedWith: [Self.insufficientPrivilege], as: "dossier_writer", in: log)
    }
}
