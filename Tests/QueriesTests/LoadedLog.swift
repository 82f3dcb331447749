import DatabaseTesting
import FoundationEssentials
import Postgres
import Queries
import Schema
import Testing

/// A log of two lanes with 20,000 entries each, of 4,000 servers a lane, and what the projections make of it.
///
/// Written by SQL alone. Each server but the first of a lane, which stands for events without one, is seen `creating`,
/// then `active`; then a call resets its status; then its details are shown; then it is seen `network_change`, or, one
/// in a hundred, `error`.
enum LoadedLog {
    static let entries: Int64 = 20_000
    static let servers = 4000
    /// A server in the midst of lane 0, and where its five entries are.
    static let server = UUID(uuidString: "0f28b5d4-9999-4000-8000-000000000077")!
    static let positions: [Int64] = [77, 4077, 8077, 12_077, 16_077]
    static let start = Timestamp("2026-01-01T00:00:00Z")!
    /// Near the end of the log, when most visits have been closed.
    static let late = Timestamp(microseconds: start.microseconds + 18_000_000_000)

    @Sendable static func prepare(_ url: String) async throws {
        try await Migration.migrate(url: url, lanes: 2, partitionEntries: 10_000)
        let connection = try await Connection.open(url, setup: Session.writer)
        try await connection.transaction { connection in
            // Partitions ahead of the entries, as the program has them made: they are empty.
            _ = try connection.fetchOne(Queries.Log.createPartitions(until: 35_000))
            try connection.execute(entriesSQL)
            try connection.execute(
                """
                INSERT INTO dossier.event_keys
                SELECT md5(lane || '/' || position)::uuid, lane, position, leaf_hash FROM dossier.entries;
                UPDATE dossier.log_heads SET size = \(entries)
                """)
        }
        try await connection.run { try $0.execute("RESET ROLE; ANALYZE; SET ROLE dossier_projector") }
        for lane in [0, 1] as [Int16] {
            try await connection.transaction { connection in
                for range in [0..<entries / 2, entries / 2..<entries] {
                    let (from, until) = (range.lowerBound, range.upperBound)
                    typealias Apply = Queries.Projections
                    try connection.execute(Apply.rewindServers(lane: lane, from: from, until: until))
                    try connection.execute(Apply.applyStatusEvents(lane: lane, from: from, until: until))
                    try connection.execute(Apply.applyCalls(lane: lane, from: from, until: until))
                    try connection.execute(Apply.applyErrorEpisodes(lane: lane, from: from, until: until))
                    try connection.execute(Apply.applyCallStats(lane: lane, from: from, until: until))
                    try connection.execute(Apply.rewindCoverage(lane: lane, from: from, until: until))
                    try connection.execute(Apply.applyCoverage(lane: lane, from: from, until: until))
                    try connection.execute(Apply.applyServerSources(lane: lane, from: from, until: until))
                }
                try connection.execute(
                    Queries.Projections.createCheckpoint(projection: "servers", lane: lane, version: 1))
                try connection.execute(
                    Queries.Projections.advanceCheckpoint(
                        projection: "servers", lane: lane, version: 1, position: entries - 1))
            }
        }
        try await connection.run { try $0.execute("RESET ROLE; ANALYZE") }
        await connection.close()
    }

    private static let entriesSQL = """
        INSERT INTO dossier.log_entries (lane, position, occurred_at, recorded_at, server_id, http_status, type, operation,
            status, request_id, actor_user_id, project_id, host, leaf_hash, body)
        SELECT lane, n, '\(start)'::timestamptz + n * interval '1 s', '\(start)'::timestamptz + n * interval '2 s',
            server_id, CASE kind WHEN 'call' THEN CASE WHEN s % 50 = 0 THEN 404 ELSE 202 END END,
            'org.openstack.manila.share_server.' || kind, CASE kind WHEN 'call' THEN operation END, status,
            CASE kind WHEN 'call' THEN 'req-' || lane || '-' || n END, CASE kind WHEN 'call' THEN 'u' || s % 7 END,
            'p' || s % 11, 'h' || s % 5, sha256('\\x00' || convert_to(body, 'UTF8')), body
        FROM (VALUES (0::smallint), (1::smallint)) AS lanes (lane),
            LATERAL generate_series(0, \(entries - 1)) AS n,
            LATERAL (SELECT n % \(servers) AS s, n / \(servers) AS round) AS numbers,
            LATERAL (SELECT (ARRAY['status', 'status', 'call', 'backend_details', 'status'])[1 + round] AS kind,
                (ARRAY['reset_status', 'show'])[1 + s % 2] AS operation,
                (ARRAY['creating', 'active', NULL, NULL, CASE s % 100 WHEN 0 THEN 'error' ELSE 'network_change' END])[1 + round]
                    AS status,
                CASE WHEN lane = 0 AND s = 77 THEN '\(server)'::uuid
                    WHEN s > 0 THEN md5(lane || '/' || s)::uuid END AS server_id) AS columns,
            LATERAL (SELECT jsonb_build_object('id', n, 'source', '/poller/' || s % 3, 'padding', repeat('x', 400), 'data', CASE kind
                WHEN 'status' THEN jsonb_build_object('status', status, 'host', 'h' || s % 5, 'project_id', 'p' || s % 11,
                    'share_network_id', 'n' || s % 13)
                WHEN 'call' THEN jsonb_build_object('operation', operation)
                ELSE jsonb_build_object('details', jsonb_build_object('shown', n)) END)::text AS body) AS bodies
        """
}

extension Trait where Self == DatabaseTrait {
    static var loadedLog: DatabaseTrait { .database(template: "loaded_log", prepare: LoadedLog.prepare) }
    static var migrated: DatabaseTrait {
        .database(template: "migrated_for_queries") { url in try await Migration.migrate(url: url, lanes: 2) }
    }
}

/// Connections to the running test's database, set as the program sets its own.
enum Session {
    static let reader = [
        "SET ROLE dossier_reader", "SET search_path = dossier", "SET jit = off",
        "SET plan_cache_mode = force_custom_plan", "SET enable_mergejoin = off",
    ]
    static let writer = [
        "SET ROLE dossier_writer", "SET search_path = dossier", "SET jit = off",
        "SET plan_cache_mode = force_custom_plan",
    ]
    static let projector = [
        "SET ROLE dossier_projector", "SET search_path = dossier", "SET jit = off",
        "SET plan_cache_mode = force_custom_plan",
    ]

    static func run<Output: Sendable>(
        _ setup: [String], _ body: @Sendable (isolated Connection) throws -> Output
    ) async throws -> Output {
        let connection = try await Connection.open(DatabaseTrait.url, setup: setup)
        do {
            let output = try await connection.transaction { try body($0) }
            await connection.close()
            return output
        } catch {
            await connection.close()
            throw error
        }
    }
}
