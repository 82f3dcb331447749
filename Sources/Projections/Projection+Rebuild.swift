import EventLog
import Postgres
import Queries

extension Projection {
    /// Positions applied by one transaction of a rebuild.
    ///
    /// Source: measured; with more, the sorts no longer fit `work_mem`, with fewer the statements' start-up shows.
    private static let rebuildBatch: Int64 = 50_000
    /// Entries that may be left to apply while everybody waits for the new tables.
    private static let swapEntries: Int64 = 2_000
    /// How long a swap first waits for whoever reads, in milliseconds; others wait behind it meanwhile. Doubled with every
    /// swap that had to give up, up to the longest: whoever reads for seconds must not put it off for ever.
    private static let swapPatience = 300
    private static let longestSwapPatience = 20_000

    /// Fills new tables from the whole log beside those that answer, and puts them in their place.
    ///
    /// Questions are answered, and entries applied, throughout; only the exchange itself, one short transaction, makes
    /// them wait. A rebuild that is interrupted leaves the old tables as they are, and the next one goes on where it
    /// stopped, unless the version has changed since: then it begins again.
    ///
    /// - Parameters:
    ///   - url: A connection as a member of `dossier_projector`.
    ///   - progress: Called after each batch with the entries applied and the entries there are, all lanes together.
    /// - Returns: How many entries the tables are made of.
    /// - Throws: `.rebuilding`, `.notCreated`, `.unavailable`, `.cancelled`, `.refused`; the old tables still answer.
    @discardableResult
    public func rebuild(
        url: String, progress: @escaping @Sendable (_ done: Int64, _ of: Int64) -> Void = { _, _ in }
    ) async throws(ProjectionError) -> Int64 {
        do {
            let connection = try await ProjectionRunner.open(url, tables: .beside)
            do {
                let applied = try await rebuild(on: connection, progress: progress)
                await connection.close()
                return applied
            } catch {
                await connection.close()
                throw error
            }
        } catch {
            throw ProjectionError(error)
        }
    }

    private func rebuild(
        on connection: Connection, progress: @escaping @Sendable (_ done: Int64, _ of: Int64) -> Void
    ) async throws -> Int64 {
        try await connection.run { connection in
            guard try connection.fetchOne(Queries.Projections.lockRebuild(projection: name)).isTaken else {
                throw ProjectionError.rebuilding(name)
            }
        }
        let applied: Result<Int64, any Error>
        do {
            applied = .success(try await fillAndSwap(on: connection, progress: progress))
        } catch {
            applied = .failure(error)
        }
        // Where it fails, the end of the session will do.
        _ = try? await connection.run { connection in
            try connection.fetchOne(Queries.Projections.unlockRebuild(projection: name))
        }
        return try applied.get()
    }

    private func fillAndSwap(
        on connection: Connection, progress: @escaping @Sendable (_ done: Int64, _ of: Int64) -> Void
    ) async throws -> Int64 {
        let beside = beside
        try await connection.run { connection in
            let versions = try connection.fetchAll(Queries.Projections.fetchVersions(projection: beside.name))
            if versions.contains(where: { $0.version ?? version != version }) {
                _ = try connection.fetchOne(Queries.Projections.removeRebuild(projection: name))
            }
            _ = try connection.fetchOne(Queries.Projections.createRebuild(projection: name))
        }
        try await beside.fill(on: connection, progress: progress)
        _ = try await connection.run { connection in
            try connection.fetchOne(Queries.Projections.createRebuildIndexes(projection: name))
        }
        var patience = Self.swapPatience
        while true {
            try Task.checkCancellation()
            // What came in meanwhile.
            try await beside.fill(on: connection, progress: { _, _ in })
            if let applied = try await swap(with: beside, patience: patience, on: connection) { return applied }
            patience = min(patience * 2, Self.longestSwapPatience)
        }
    }

    /// The same projection in the tables beside, with a checkpoint of its own. Source: m004, `dossier.swap_rebuild`.
    var beside: Projection { Projection(name: name + "/rebuild", version: version, tables: tables, apply: apply) }

    /// Applies all there is, batch by batch, from where it stopped.
    private func fill(
        on connection: Connection, progress: @escaping @Sendable (_ done: Int64, _ of: Int64) -> Void
    ) async throws {
        let heads = try await connection.run { try $0.fetchAll(Queries.Log.fetchHeads()) }
        let total = heads.reduce(0) { $0 + $1.size }
        var before: Int64 = 0
        for head in heads {
            var done: Int64 = 0
            while done < head.size {
                try Task.checkCancellation()
                done = try await connection.transaction { connection in
                    let from = try lockCheckpoint(Lane(head.lane), on: connection).position
                    guard from < head.size else { return from }
                    _ = try advance(Lane(head.lane), by: Self.rebuildBatch, to: head.size, on: connection)
                    return min(from + Self.rebuildBatch, head.size)
                }
                progress(before + min(done, head.size), total)
            }
            before += head.size
        }
    }

    /// Applies the last entries and exchanges the tables, in one transaction; nil where too many entries are left, or
    /// somebody would not stop reading.
    private func swap(
        with beside: Projection, patience: Int, on connection: Connection
    ) async throws -> Int64? {
        do {
            return try await connection.transaction { connection in
                try connection.execute("SET LOCAL lock_timeout = '\(patience)ms'")
                _ = try connection.fetchOne(Queries.Projections.lockProjections())
                let heads = try connection.fetchAll(Queries.Log.fetchHeads())
                for head in heads {
                    let from = try beside.lockCheckpoint(Lane(head.lane), on: connection).position
                    guard head.size - from <= Self.swapEntries else { return nil }
                    _ = try beside.advance(Lane(head.lane), by: Self.swapEntries, to: head.size, on: connection)
                }
                _ = try connection.fetchOne(Queries.Projections.swapRebuild(projection: name))
                return heads.reduce(0) { $0 + $1.size }
            }
        } catch PostgresError.refused("55P03", _, _) {
            // lock_not_available: let the readers who queued behind go first.
            try await Task.sleep(for: .milliseconds(200))
            return nil
        }
    }
}
