import DatabaseTesting
import FoundationEssentials
import Postgres
import Queries
import Testing

/// That PostgreSQL sees every statement as its file declares it.
@Suite(.migrated) struct StatementTests {
    private static var copies: [Statement] { Queries.all.filter { $0.kind == .copyIn } }
    private static var others: [Statement] { Queries.all.filter { $0.kind != .copyIn && $0.kind != .copyOut } }

    /// PostgreSQL's number of a type as headers write it.
    private static func number(_ type: String, on connection: isolated Connection) throws -> OID {
        let query = Query<Int64>(
            statement: Statement(name: "number", sql: "SELECT '\(sqlType(type))'::regtype::oid::bigint")
        ) { row throws(PostgresError) in try row[0] }
        return OID(try connection.fetchOne(query))
    }

    @Test("Every statement can be prepared for the types that it declares")
    func prepared() async throws {
        try await Session.run([]) { connection in
            for statement in Self.others {
                _ = try connection.prepare(statement)
                let query = Query<String>(
                    statement: Statement(
                        name: "prepared",
                        sql: """
                            SELECT array_to_string(parameter_types::oid[], ' ') FROM pg_prepared_statements
                            WHERE name = '\(statement.name)'
                            """)
                ) { row throws(PostgresError) in try row[0] }
                let expected = try statement.parameters.map { "\(try Self.number($0, on: connection))" }
                #expect(try connection.fetchOne(query) == expected.joined(separator: " "), "\(statement.name)")
            }
        }
    }

    /// What PostgreSQL itself makes of each parameter, told no types at all.
    @Test("The parameters of every statement have the number and the types that PostgreSQL finds")
    func parameters() async throws {
        try await Session.run([]) { connection in
            for statement in Self.others {
                let found = try connection.describe(statement).parameters
                let declared = try statement.parameters.map { try Self.number($0, on: connection) }
                #expect(found.count == declared.count, "\(statement.name)")
                for (index, (found, declared)) in zip(found, declared).enumerated() where found != declared {
                    // LIMIT takes a bigint; a page is never that long.
                    let isLimit =
                        statement.sql.contains("limit $\(index + 1)") && found == Int64.oid && declared == Int32.oid
                    #expect(isLimit, "\(statement.name) $\(index + 1): declared \(declared), found \(found)")
                }
            }
        }
    }

    @Test("The columns of every statement have the names and the types that PostgreSQL gives them, in order")
    func columns() async throws {
        try await Session.run([]) { connection in
            for statement in Self.others {
                let found = try connection.describe(statement).columns
                #expect(found.map(\.name) == statement.columns.map(\.name), "\(statement.name)")
                let declared = try statement.columns.map { try Self.number($0.type, on: connection) }
                #expect(found.map(\.type) == declared, "\(statement.name)")
            }
        }
    }

    @Test("A statement that answers has columns, and one that does not has none")
    func kinds() {
        for statement in Self.others {
            #expect(statement.columns.isEmpty == (statement.kind == .execute), "\(statement.name)")
        }
        for statement in Self.copies { #expect(statement.columns.isEmpty && statement.parameters.isEmpty) }
    }

    @Test("What is copied in are all columns of its table, and an empty copy is taken from a writer")
    func copies() async throws {
        #expect(Set(Self.copies.map(\.name)) == ["log/append_entries", "log/append_keys"])
        // Source: PostgreSQL documentation, COPY, "Binary Format": signature, flags, extension, and the trailer.
        let empty: [UInt8] =
            [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00]
            + [0, 0, 0, 0, 0, 0, 0, 0] + [0xFF, 0xFF]
        for (copy, table) in [(Queries.Log.appendEntries(), "log_entries"), (Queries.Log.appendKeys(), "event_keys")] {
            let statement = copy.statement
            let listed = try #require(statement.sql.firstMatch(of: /\(([^)]*)\) from stdin/)).1
                .split(separator: ",").map { $0.filter { !$0.isWhitespace } }
            let found = try await Session.run(Session.writer) { connection in
                let count = try connection.copyIn(copy) { connection in
                    try empty.withUnsafeBytes { try connection.copyData($0) }
                }
                #expect(count == 0)
                let query = Query<String>(
                    statement: Statement(
                        name: "columns",
                        sql: """
                            SELECT attname::text FROM pg_attribute
                            WHERE attrelid = 'dossier.\(table)'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
                            """)
                ) { row throws(PostgresError) in try row[0] }
                return try connection.fetchAll(query)
            }
            #expect(listed.sorted() == found.sorted(), "\(statement.name)")
        }
    }

    /// EXPLAIN checks rights as running does, and runs nothing.
    @Test("The role that a statement is for has every right that it needs")
    func rights() async throws {
        let owners = ["schema", "log/create_log", "access/append_token", "access/revoke_token"]
        for statement in Self.others where !owners.contains(where: statement.name.hasPrefix) {
            let isReading = [
                "events/", "servers/", "metrics/", "errors/", "coverage/", "conformance/", "log/fetch_", "log/count_",
                "projections/fetch_", "checkpoints/fetch_", "access/apply_projects",
            ].contains(where: statement.name.hasPrefix)
            // The key under which secrets are hidden is not for readers.
            let isReaders = isReading && statement.name != "log/fetch_redaction_key"
            // What a projection's statements read of the log, the service asks as a reader.
            let isOfProjections = statement.name.hasPrefix("projections/")
            let isOfLog = statement.name.hasPrefix("log/") || statement.name.hasPrefix("checkpoints/")
            let sessions =
                (isReaders ? [Session.reader] : [])
                + (isOfProjections ? [Session.projector] : [])
                + (isOfLog && statement.name != "log/fetch_present" ? [Session.writer] : [])
            for session in sessions {
                await #expect(throws: Never.self, "\(statement.name)") {
                    try await Session.run(session) { try $0.genericPlan(statement) }
                }
            }
            // A lock of the session's own touches nothing that a right could be for.
            let locks = [
                "projections/lock_rebuild", "projections/unlock_rebuild", "log/lock_source", "checkpoints/lock_lane",
            ]
            guard !isReaders, !locks.contains(statement.name) else { continue }
            for other in [Session.reader, isOfProjections ? Session.writer : Session.projector] {
                await #expect("\(statement.name)") {
                    try await Session.run(other) { try $0.genericPlan(statement) }
                } throws: {
                    // insufficient_privilege
                    ($0 as? PostgresError)?.sqlState == "42501"
                }
            }
        }
    }
}
