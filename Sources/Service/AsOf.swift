import EventLog
import Postgres
import Projections
import Queries
import ShareServers
import TransparencyLog

/// The state of the log that an answer is true as of.
struct AsOf: Sendable {
    /// How many entries of each lane were taken into account, from lane 0 on.
    let sizes: [Int64]
    /// The roots of the trees of as many entries; nil where the log is damaged, of which `verify` tells more.
    let roots: [MerkleHash?]
    /// What was asked for where less than all that is known was.
    let known: KnownAt?
    let time: Timestamp
    let lagPositions: Int64
    let lag: Duration

    /// As of what every projection has applied, or of less, in the transaction of `connection`.
    static func projections(
        _ connection: isolated Connection, knownAt bound: KnownAt.Bound? = nil
    ) throws(PostgresError) -> AsOf {
        let lanes = try connection.fetchAll(Queries.Projections.fetchProgress(projections: Projection.all.map(\.name)))
        let now = Timestamp.now
        let oldest = lanes.filter { $0.position < $0.size }.compactMap(\.nextRecordedAt).min()
        return try AsOf(
            lanes.map { ($0.position, $0.size, $0.root) }, knownAt: bound, time: now,
            lag: oldest.map { .microseconds(max(0, now.microseconds - $0.microseconds)) } ?? .zero, connection)
    }

    /// As of the log itself, or of less of it.
    static func log(
        _ connection: isolated Connection, knownAt bound: KnownAt.Bound? = nil
    ) throws(PostgresError) -> AsOf {
        let heads = try connection.fetchAll(Queries.Log.fetchHeads())
        return try AsOf(
            heads.map { ($0.size, $0.size, $0.root) }, knownAt: bound, time: .now, lag: .zero, connection)
    }

    /// - Parameter lanes: Of each, from lane 0 on, how many entries can be taken into account, and the head.
    private init(
        _ lanes: [(applied: Int64, size: Int64, root: Bytes)], knownAt bound: KnownAt.Bound?, time: Timestamp,
        lag: Duration, _ connection: isolated Connection
    ) throws(PostgresError) {
        let applied = lanes.map(\.applied)
        known = try bound?.resolved(applied, connection)
        sizes = known?.sizes ?? applied
        self.time = time
        self.lag = lag
        lagPositions = lanes.reduce(0) { $0 + $1.size - $1.applied }
        var roots: [MerkleHash?] = []
        for (number, (lane, size)) in zip(lanes, sizes).enumerated() {
            roots.append(
                size == lane.size
                    ? MerkleHash(lane.root.bytes) : try Self.root(Lane(Int16(number)), size, connection))
        }
        self.roots = roots
    }

    private static func root(
        _ lane: Lane, _ size: Int64, _ connection: isolated Connection
    ) throws(PostgresError) -> MerkleHash? {
        do {
            return try KeptTree(lane: lane).root(of: size, on: connection)
        } catch let error as PostgresError {
            throw error
        } catch {
            // An answer in an incident is worth more than none.
            return nil
        }
    }

    /// The moment up to which nothing is missing of what was asked for.
    var moment: Timestamp { min(time.advanced(by: .zero - lag), known?.moment ?? .latest) }

    /// Each lane with its size and root.
    var positions: JSON {
        .array(
            zip(sizes, roots).enumerated().map { lane, place in
                [
                    "lane": .count(Int64(lane)), "size": .count(place.0),
                    "root": place.1.map { .string($0.base64) } ?? .null,
                ]
            })
    }

    var json: JSON {
        let (seconds, attoseconds) = lag.components
        return [
            "positions": positions, "time": .string(time.description), "lag_positions": .number(Double(lagPositions)),
            "lag_s": .number(Double(seconds) + Double(attoseconds / 1_000_000_000_000) / 1e6),
        ]
    }
}
