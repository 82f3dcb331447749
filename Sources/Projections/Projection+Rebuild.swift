import EventLog
import Postgres
import Queries

extension Projection {
    /// Positions applied by one statement of a rebuild.
    ///
    /// Source: measured; with more, the sorts no longer fit `work_mem`, with fewer the statements' start-up shows.
    private static let rebuildBatch: Int64 = 50_000

    /// Empties this projection's tables and fills them from the whole log, lane by lane.
    ///
    /// One transaction a lane: answers come from the former tables until it commits, and a rebuild that is interrupted
    /// leaves them as they were. Live runners wait meanwhile and go on from there.
    ///
    /// - Parameters:
    ///   - url: A connection as a member of `dossier_writer`.
    ///   - progress: Called after each batch with the entries applied and the entries there are, all lanes together.
    /// - Returns: How many entries were applied.
    /// - Throws: `.notCreated`, `.unavailable`, `.cancelled`, `.refused`; lanes done before stay rebuilt.
    @discardableResult
    public func rebuild(
        url: String, progress: @escaping @Sendable (_ done: Int64, _ of: Int64) -> Void = { _, _ in }
    ) async throws(ProjectionError) -> Int64 {
        do {
            let connection = try await ProjectionRunner.open(url)
            do {
                let heads = try await connection.run { try $0.fetchAll(Queries.Log.fetchHeads()) }
                let total = heads.reduce(0) { $0 + $1.size }
                var done: Int64 = 0
                for head in heads {
                    let before = done
                    done += try await rebuild(Lane(head.lane), on: connection) { lane, _ in
                        progress(before + lane, max(total, before + lane))
                    }
                }
                await connection.close()
                return done
            } catch {
                await connection.close()
                throw error
            }
        } catch {
            throw ProjectionError(error)
        }
    }

    /// Rebuilds one lane in one transaction; answers how many entries were applied.
    func rebuild(
        _ lane: Lane, on connection: Connection, progress: @escaping @Sendable (_ done: Int64, _ of: Int64) -> Void
    ) async throws -> Int64 {
        try await connection.transaction { connection in
            _ = try lockCheckpoint(lane, on: connection)
            try remove(lane, connection)
            let size = try Self.size(of: lane, on: connection)
            for from in stride(from: 0, to: size, by: Int(Self.rebuildBatch)) {
                try Task.checkCancellation()
                let until = min(from + Self.rebuildBatch, size)
                try apply(lane, from..<until, connection)
                progress(until, size)
            }
            try connection.execute(
                Queries.Projections.advanceCheckpoint(
                    projection: name, lane: lane.number, version: version, position: size))
            return size
        }
    }
}
