public import Postgres
import Queries

/// The leaves of a lane, as they were hashed.
public enum Export {
    /// Hands the body of every entry of `positions` to `body`, in order, and waits for it each time.
    ///
    /// All is as of one moment; memory does not grow with the lane.
    ///
    /// - Parameters:
    ///   - positions: Entries of the lane; what lies beyond its end is left out.
    ///   - body: Takes the exact bytes that are the leaf, without a line feed (a body holds none).
    /// - Returns: How many entries were handed over.
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`, and whatever `body` throws.
    public static func export(
        lane: Lane, positions: Range<Int64>, pool: Pool,
        _ body: @escaping @Sendable (_ leaf: String) async throws -> Void
    ) async throws -> Int64 {
        try await pool.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") { connection in
            var count: Int64 = 0
            try await connection.stream(
                Queries.Log.fetchBodies(lane: lane.number, from: positions.lowerBound, until: positions.upperBound)
            ) { row in
                try await body(row.body)
                count += 1
            }
            return count
        }
    }
}
