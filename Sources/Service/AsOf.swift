import FoundationEssentials
import Postgres
import Projections
import Queries
import ShareServers

/// The state of the log that an answer is true as of.
struct AsOf: Sendable {
    /// For each lane: how many entries were taken into account, and, where those are all, the root of its tree.
    let positions: JSON
    let time: Timestamp
    let lagPositions: Int64
    let lag: Duration

    /// As of what the projections have applied, in the transaction of `connection`.
    static func projections(_ connection: isolated Connection) throws(PostgresError) -> AsOf {
        let lanes = try connection.fetchAll(Queries.Projections.fetchProgress(projection: Projection.servers.name))
        let now = Timestamp.now
        let oldest = lanes.filter { $0.position < $0.size }.compactMap(\.nextRecordedAt).min()
        return AsOf(
            positions: .array(
                lanes.map { Self.position($0.lane, $0.position, root: $0.position == $0.size ? $0.root : nil) }),
            time: now, lagPositions: lanes.reduce(0) { $0 + $1.size - $1.position },
            lag: oldest.map { .microseconds(max(0, now.microseconds - $0.microseconds)) } ?? .zero)
    }

    /// As of the log itself.
    static func log(_ heads: [Queries.Log.FetchHeads]) -> AsOf {
        AsOf(
            positions: .array(heads.map { Self.position($0.lane, $0.size, root: $0.root) }), time: .now,
            lagPositions: 0, lag: .zero)
    }

    private static func position(_ lane: Int16, _ size: Int64, root: Bytes?) -> JSON {
        var position: [String: JSON] = ["lane": .number(Double(lane)), "size": .number(Double(size))]
        if let root { position["root"] = .string(Data(root.bytes).base64EncodedString()) }
        return .object(position)
    }

    var json: JSON {
        let (seconds, attoseconds) = lag.components
        return [
            "positions": positions, "time": .string(time.description), "lag_positions": .number(Double(lagPositions)),
            "lag_s": .number(Double(seconds) + Double(attoseconds / 1_000_000_000_000) / 1e6),
        ]
    }
}
