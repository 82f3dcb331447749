import DatabaseTesting
import Postgres
import Schema

/// A database as its superuser sees it; by default the running test's.
struct Database: Sendable {
    var url = DatabaseTrait.url

    /// Runs statements.
    func execute(_ sql: String, as role: String? = nil) async throws {
        let connection = try await Connection.open(url, setup: role.map { ["SET ROLE \($0)"] } ?? [])
        do {
            try await connection.run { try $0.execute(sql) }
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    /// The SQLSTATE with which statements are refused; `done` where they are not.
    func state(_ sql: String, as role: String? = nil) async throws -> String {
        do {
            try await execute(sql, as: role)
            return "done"
        } catch PostgresError.refused(let sqlState, _, _) {
            return sqlState
        }
    }

    /// The rows of one column, as text.
    func texts(_ sql: String, as role: String? = nil) async throws -> [String] {
        let connection = try await Connection.open(url, setup: role.map { ["SET ROLE \($0)"] } ?? [])
        let statement = Statement(
            name: "texts", sql: "SELECT coalesce(each.value::text, 'null') FROM (\(sql)) AS each (value)")
        let query = Query<String>(statement: statement) { row throws(PostgresError) in try row[0] }
        do {
            let rows = try await connection.run { try $0.fetchAll(query) }
            await connection.close()
            return rows
        } catch {
            await connection.close()
            throw error
        }
    }

    /// The names of the migrations that were applied, in order.
    func applied() async throws -> [String] {
        try await texts("SELECT name FROM dossier.migrations ORDER BY number")
    }

    /// All there is that is not PostgreSQL's own: objects by their numbers, and rows with the transactions that wrote
    /// them. Any change, even one to the same, makes another.
    func snapshot() async throws -> [String] {
        let objects = try await texts(
            """
            SELECT 'schema ' || oid || ' ' || nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'
            UNION ALL
            SELECT 'relation ' || oid || ' ' || oid::regclass::text || ' ' || relfilenode FROM pg_class
            WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)')
            UNION ALL
            SELECT 'function ' || oid || ' ' || xmin || ' ' || proname FROM pg_proc
            WHERE pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)')
            UNION ALL
            SELECT 'trigger ' || oid || ' ' || tgname || ' ' || tgenabled::text FROM pg_trigger
            ORDER BY 1
            """)
        var rows: [String] = []
        for table in try await texts(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace('dossier') ORDER BY 1")
        {
            rows += try await texts(
                "SELECT '\(table) ' || t.xmin || ' ' || t.ctid::text || ' ' || t::text FROM dossier.\(table) AS t ORDER BY t.ctid"
            )
        }
        return objects + rows
    }
}

/// What `work` is refused with: the case, the migration, and PostgreSQL's code; nil where it is not.
func refusal(_ work: () async throws(SchemaError) -> Void) async -> (kind: String, error: SchemaError)? {
    do {
        try await work()
        return nil
    } catch {
        let kind =
            switch error {
            case .changed(let migration): "changed \(migration)"
            case .unknown(let migration): "unknown \(migration)"
            case .failed(let migration, let reason): "failed \(migration) \(reason.sqlState ?? "away")"
            case .unfit(let login, _): "unfit \(login)"
            case .database(let reason): "database \(reason.sqlState ?? "away")"
            }
        return (kind, error)
    }
}
