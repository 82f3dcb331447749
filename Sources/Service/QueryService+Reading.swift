public import Postgres
import Queries
import Schema

extension QueryService {
    /// Connections for answering: they can read and nothing else, and no question may take longer than half a minute.
    public static func pool(url: String, limit: Int = 8) -> Pool { pool(url, limit, as: .reader, []) }

    /// The same where PostgreSQL shows nothing but what is of the projects that the transaction names: none by itself.
    public static func projectPool(url: String, limit: Int = 4) -> Pool {
        pool(url, limit, as: .projectReader, ["SET dossier.projects = '{}'"])
    }

    private static func pool(_ url: String, _ limit: Int, as role: Role, _ setup: [String]) -> Pool {
        Pool(
            url: url, limit: limit, wait: .seconds(10),
            setup: [
                role.setup, "SET default_transaction_read_only = on", "SET statement_timeout = '30s'",
                "SET jit = off", "SET plan_cache_mode = force_custom_plan", "SET work_mem = '32MB'",
                // Estimates of what a window holds are poor: sorting the whole fleet to merge it is the costly mistake.
                "SET enable_mergejoin = off",
                "SET application_name = 'dossier query'",
            ] + setup)
    }

    /// How every answer begins: a projection's tables must not be exchanged between its snapshot and its rows, and a lock
    /// takes no snapshot. Source: m004, `dossier.lock_projections`.
    private static let begin = """
        BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; LOCK TABLE dossier.projection_tables IN ACCESS SHARE MODE
        """

    /// The same for questions of one server, few of whose statements would be answered otherwise for another: their plans are
    /// made once a session, but for those that PostgreSQL finds to be worse so.
    ///
    /// Source: measured; one server's state, of a million entries, takes 3.0 ms at the median instead of 3.3.
    private static let beginOfOne = begin + "; SET LOCAL plan_cache_mode = auto"

    /// Runs `body` in one snapshot, so that rows and `as_of` agree, and shows it what whoever asks may see.
    ///
    /// - Parameter isOfOne: Whether it asks of one server only.
    func read<Output: Sendable>(
        _ context: Context, isOfOne: Bool = false, _ body: @Sendable (isolated Connection) throws -> Output
    ) async throws -> Output {
        guard let projects = context.asker.projects else { return try await readAll(isOfOne: isOfOne, body) }
        return try await projectPool.transaction(isOfOne ? Self.beginOfOne : Self.begin) { connection in
            _ = try connection.fetchOne(Queries.Access.applyProjects(projects: projects))
            return try body(connection)
        }
    }

    /// The same for what hides nothing from anybody who may ask it.
    func readAll<Output: Sendable>(
        isOfOne: Bool = false, _ body: @Sendable (isolated Connection) throws -> Output
    ) async throws -> Output {
        try await pool.transaction(isOfOne ? Self.beginOfOne : Self.begin) { try body($0) }
    }
}
