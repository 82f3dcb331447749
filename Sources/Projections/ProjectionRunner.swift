import EventLog
public import Logging
import Postgres
import Queries
import Schema
public import ServiceLifecycle

/// Keeps every projection level with the log: woken by appends of any process, and by a slow poll.
///
/// Any number may run beside one another: each batch locks the checkpoint that it moves.
public struct ProjectionRunner: Service {
    private let url: String
    private let projections: [Projection]
    private let logger: Logger

    /// Positions applied in one live transaction: enough to be set-based, few enough that answers stay fresh.
    private static let liveBatch: Int64 = 10_000
    /// The longest a notification is waited for; what is appended without one is seen after this.
    var poll = Duration.seconds(2)
    /// The least time from the beginning of one round to the next: under a steady stream of appends a round costs more
    /// by its statements than by its entries, and what appends needs the processors as well.
    ///
    /// Source: design ("lag p99 ≤ 100 ms"), less what a round takes.
    private static let pace = Duration.milliseconds(50)
    /// Before the first attempt to connect again; doubled before each that follows, up to the longest.
    var pause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(5)

    /// - Parameter url: A connection as a member of `dossier_projector`.
    public init(url: String, projections: [Projection] = Projection.all, logger: Logger) {
        self.url = url
        self.projections = projections
        self.logger = logger
    }

    /// Runs until the task is cancelled or a graceful shutdown begins; connects again whenever PostgreSQL was away.
    ///
    /// A projection whose tables are of an older version is rebuilt beside them, while the others go on; one whose tables
    /// are of a newer version is left to the newer program.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await again { done in try await follow(done) } }
                group.addTask { await again { done in try await renew(done) } }
            }
        }
    }

    /// Repeats work that goes on until it is cancelled, whenever it failed; `work` says when some of it was done.
    private func again(_ work: (_ done: () -> Void) async throws -> Void) async {
        var pause = pause
        while !Task.isCancelled {
            do {
                try await work { pause = self.pause }
                return
            } catch {
                let error = ProjectionError(error)
                if Task.isCancelled { break }
                logger.warning("projections stopped; trying again in \(pause): \(error)")
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// Rebuilds what is of an older version; returns when nothing is.
    private func renew(_ done: () -> Void) async throws {
        for projection in projections where try await isOld(projection) {
            logger.notice("projection \(projection.name) has changed; rebuilding it")
            do {
                try await projection.rebuild(url: url)
                logger.notice("projection \(projection.name) is rebuilt")
                done()
            } catch .rebuilding {
                // Somebody else does it, or will have failed by then.
                try await Task.sleep(for: Self.longestPause)
                throw ProjectionError.rebuilding(projection.name)
            }
        }
    }

    private func isOld(_ projection: Projection) async throws -> Bool {
        let connection = try await Self.open(url)
        let versions: Result<[Queries.Projections.FetchVersions], any Error>
        do {
            versions = .success(
                try await connection.run { connection in
                    try connection.fetchAll(Queries.Projections.fetchVersions(projection: projection.name))
                })
        } catch {
            versions = .failure(error)
        }
        await connection.close()
        return try versions.get().contains { ($0.version ?? projection.version) < projection.version }
    }

    private func follow(_ done: () -> Void) async throws {
        let connection = try await Self.open(url)
        do {
            try await connection.run { connection in try connection.listen("dossier_log") }
            let clock = ContinuousClock()
            while !Task.isCancelled {
                let begun = clock.now
                try await catchUp(connection)
                done()
                try await connection.run { [poll] connection in _ = try connection.notification(within: poll) }
                try? await clock.sleep(until: begun + Self.pace)
            }
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Which tables the statements of projections mean.
    enum Tables: String {
        /// Those that answer.
        case live = "dossier"
        /// Those of a rebuild, and for all else the former.
        case beside = "dossier_rebuild, dossier"
    }

    static func open(_ url: String, tables: Tables = .live) async throws(PostgresError) -> Connection {
        try await Connection.open(
            url,
            setup: [
                Role.projector.setup, "SET search_path = \(tables.rawValue)",
                "SET application_name = 'dossier projections'",
                // A plan made for any range of positions is a bad plan for each.
                "SET plan_cache_mode = force_custom_plan", "SET jit = off", "SET work_mem = '64MB'",
            ])
    }

    /// Applies all that has been appended; returns when every projection is level with the log. What is of an older
    /// version is rebuilt first.
    public func catchUp() async throws(ProjectionError) {
        do {
            try await renew {}
            let connection = try await Self.open(url)
            do {
                try await catchUp(connection)
                await connection.close()
            } catch {
                await connection.close()
                throw error
            }
        } catch {
            throw ProjectionError(error)
        }
    }

    private func catchUp(_ connection: Connection) async throws {
        let lanes = try await connection.run { try $0.fetchAll(Queries.Log.fetchHeads()) }.map { Lane($0.lane) }
        for lane in lanes {
            while try await advance(lane, on: connection) {}
        }
    }

    /// Applies the next positions of a lane to every projection in one transaction, so that answers out of several agree;
    /// false where there are none left.
    private func advance(_ lane: Lane, on connection: Connection) async throws -> Bool {
        try await connection.transaction { connection in
            let size = try Projection.size(of: lane, on: connection)
            var hasMore = false
            for projection in projections {
                hasMore = try projection.advance(lane, by: Self.liveBatch, to: size, on: connection) || hasMore
            }
            return hasMore
        }
    }
}

extension Projection {
    /// Applies the next positions of a lane, at most `count` and none from `size` on; false where there are none left, or
    /// the tables are of another version.
    func advance(
        _ lane: Lane, by count: Int64, to size: Int64, on connection: isolated Connection
    ) throws(PostgresError) -> Bool {
        let checkpoint = try lockCheckpoint(lane, on: connection)
        let from = checkpoint.position
        let until = min(size, from + count)
        guard checkpoint.version == version, from < until else { return false }
        try apply(lane, from..<until, connection)
        try connection.execute(
            Queries.Projections.advanceCheckpoint(
                projection: name, lane: lane.number, version: version, position: until))
        return until < size
    }

    /// The first position that has not been applied, and the version of the tables, locked; where the projection has not
    /// begun, it begins.
    func lockCheckpoint(
        _ lane: Lane, on connection: isolated Connection
    ) throws(PostgresError) -> Queries.Projections.LockCheckpoint {
        let query = Queries.Projections.lockCheckpoint(projection: name, lane: lane.number)
        if let row = try connection.fetchOptional(query) { return row }
        try connection.execute(
            Queries.Projections.createCheckpoint(projection: name, lane: lane.number, version: version))
        return try connection.fetchOne(query)
    }

    static func size(of lane: Lane, on connection: isolated Connection) throws(PostgresError) -> Int64 {
        try connection.fetchAll(Queries.Log.fetchHeads()).first { $0.lane == lane.number }?.size ?? 0
    }
}
