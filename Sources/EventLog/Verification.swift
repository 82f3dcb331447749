public import Postgres
import Queries
import ShareServers
public import TransparencyLog

/// Proof that a lane is what it was when it was written, or the first entry that is not.
///
/// Every entry's bytes are hashed again, the tree is computed anew, and everything that stands beside the bytes is
/// compared with them: leaf hash, index columns, event key, subtree hashes, head. What it cannot prove is that an
/// event was ever recorded. That nobody with the rights of a superuser rewrote the lane with its head, or cut it, only
/// what left the building proves: checkpoints, or a `root` that was noted elsewhere.
public struct Verification: Sendable, Hashable {
    /// What is wrong, and where.
    public struct Fault: Sendable, Hashable, CustomStringConvertible {
        /// The first bad entry, or, where hashes tell no more, the first of the entries one of which is bad.
        public let position: Position
        /// How many entries from `position` on may be the bad one.
        public let span: Int64
        public let reason: String

        public var description: String {
            span == 1
                ? "entry \(position): \(reason)"
                : "one of the entries \(position) to \(position.lane)/\(position.index + span - 1): \(reason)"
        }
    }

    public let lane: Lane
    /// Entries that were found sound, from the first on.
    public let entries: Int64
    /// The root of the tree over them, 32 bytes.
    public let root: [UInt8]
    /// Nil where the lane is sound.
    public let fault: Fault?

    /// Entries fetched at once: enough to hide the round trip, little enough to hold at 64 KiB each; whole blocks of 256.
    private static let chunk: Int64 = 1024

    /// The lanes that are to be verified, in order: those of the log's settings, and whatever others left a row behind.
    ///
    /// - Throws: `.notCreated` where there is no log, `.unavailable`, `.refused`, `.cancelled`.
    public static func lanes(pool: Pool) async throws(LogError) -> [Lane] {
        do {
            let lanes = try await pool.fetchAll(Queries.Log.fetchLanes()).map { Lane($0.lane) }
            guard !lanes.isEmpty else { throw LogError.notCreated }
            return lanes
        } catch {
            throw LogError(error)
        }
    }

    /// Verifies one lane as of the moment of the call; appends may go on meanwhile.
    ///
    /// Takes time and reads in proportion to the lane, memory does not grow with it. A lane that the log's settings do
    /// not have, or that has no head, does not verify.
    ///
    /// - Parameters:
    ///   - checkpoints: Verified, and all of this lane: what was signed of it. The more of them, the more closely they tell
    ///     where a lane that is sound in itself was rewritten.
    ///   - progress: Called now and then with the entries verified and the entries there are.
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`.
    public static func verify(
        lane: Lane, checkpoints: [Checkpoint] = [], pool: Pool,
        progress: @escaping @Sendable (_ done: Int64, _ of: Int64) -> Void = { _, _ in }
    ) async throws(LogError) -> Verification {
        do {
            return try await pool.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") { connection in
                try verify(lane: lane, checkpoints: checkpoints, on: connection, progress: progress)
            }
        } catch {
            throw LogError(error)
        }
    }

    /// Verifies one lane within a transaction of the caller's, which has to see one moment throughout.
    ///
    /// - Throws: `PostgresError`, `CancellationError`.
    static func verify(
        lane: Lane, checkpoints: [Checkpoint], on connection: isolated Connection,
        progress: (_ done: Int64, _ of: Int64) -> Void = { _, _ in }
    ) throws -> Verification {
        guard let settings = try connection.fetchOptional(Queries.Log.fetchSettings()) else {
            return nothing(of: lane, "the log's settings, which say what lanes there are, are missing")
        }
        guard (0..<settings.lanes).contains(lane.number) else {
            return nothing(of: lane, "the log has \(settings.lanes) lanes, and this is none of them")
        }
        let heads = try connection.fetchAll(Queries.Log.fetchHeads())
        guard let head = heads.first(where: { $0.lane == lane.number }) else {
            return nothing(of: lane, "the lane's head, which says how many entries it has, is missing")
        }
        var walk = VerificationWalk(
            lane: lane, lanes: settings.lanes, signed: SignedPrefixes(checkpoints),
            subtrees: try connection.fetchAll(Queries.Log.fetchSubtrees(lane: lane.number)))
        var next: Int64 = 0
        while next < head.size {
            try Task.checkCancellation()
            let until = min(next + chunk, head.size)
            let rows = try connection.fetchAll(
                Queries.Log.fetchEntriesWhole(lane: lane.number, from: next, until: until))
            if let fault = try walk.take(rows, until: until, on: connection) { return walk.verification(fault) }
            next = until
            progress(next, head.size)
        }
        return walk.verification(try walk.compare(with: head, on: connection))
    }

    /// Of a lane of which not even the first entry can be told from its place.
    private static func nothing(of lane: Lane, _ reason: String) -> Verification {
        Verification(
            lane: lane, entries: 0, root: Frontier().root.bytes,
            fault: Fault(position: Position(lane: lane, index: 0), span: 1, reason: reason))
    }
}
