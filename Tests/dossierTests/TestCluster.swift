import DatabaseTesting
import EmbeddedPostgres
import Postgres
import Testing

/// A throwaway PostgreSQL of a test's own: roles belong to a whole cluster.
struct TestCluster {
    let server: EmbeddedPostgres
    /// As its superuser.
    var url: String { server.url() }

    /// Starts the cluster in `directory`, which is gone after.
    static func with<T>(_ directory: String, _ body: (TestCluster) async throws -> T) async throws -> T {
        let server = try await EmbeddedPostgres.start(directory: directory, throwaway: true)
        do {
            let result = try await body(TestCluster(server: server))
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    /// Runs statements.
    func execute(_ sql: String, database: String = "postgres") async throws {
        try await connected(database) { connection in try await connection.run { try $0.execute(sql) } }
    }

    /// The rows of a query of one column.
    func texts(_ sql: String, database: String = "postgres") async throws -> [String] {
        try await DatabaseTesting.texts(sql, of: server.url(database: database))
    }

    private func connected<T>(_ database: String, _ body: (Connection) async throws -> T) async throws -> T {
        let connection = try await Connection.open(server.url(database: database))
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }
}

// MARK: - What a log is

extension TestCluster {
    /// The size and the root of every lane.
    static let heads = """
        SELECT lane || ' ' || size || ' ' || encode(root, 'hex') FROM dossier.log_heads ORDER BY 1
        """

    /// What the projections made of it.
    static let projected = """
        SELECT (SELECT string_agg(s::text, chr(10) ORDER BY s::text) FROM dossier.servers s)
            || (SELECT string_agg(i::text, chr(10) ORDER BY i::text) FROM dossier.status_intervals i)
            || (SELECT string_agg(c::text, chr(10) ORDER BY c::text) FROM dossier.call_stats c)
        """

    /// Who owns each table and may do what with it, and how many triggers are on it.
    static let protection = """
        SELECT relname || ' ' || relowner::regrole || ' ' || coalesce((
            SELECT string_agg(granted::text, ' ' ORDER BY granted::text) FROM unnest(relacl) AS granted), '')
            || ' ' || (SELECT count(*) FROM pg_trigger WHERE tgrelid = class.oid AND tgenabled = 'O')
        FROM pg_class class WHERE relnamespace IN ('dossier'::regnamespace, 'dossier_rebuild'::regnamespace)
            AND relkind IN ('r', 'p') ORDER BY 1
        """

    /// Waits until the projections have all that is in the log.
    func waitUntilLevel(_ database: String = "postgres") async throws {
        let behind = """
            SELECT count(*)::text FROM dossier.log_heads head
            CROSS JOIN (VALUES ('servers'), ('call_stats'), ('coverage')) AS wanted (name)
            LEFT JOIN dossier.projections done ON done.projection = wanted.name AND done.lane = head.lane
            WHERE head.size > coalesce(done.position, 0)
            """
        try await wait(for: "the projections to keep up") { try await texts(behind, database: database) == ["0"] }
    }
}
