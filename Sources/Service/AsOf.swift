import FoundationEssentials
import Postgres
import Projections
import Queries
import ShareServers

/// The state of the log that an answer is true as of.
struct AsOf: Sendable {
    /// For each lane: how many entries were taken into account, and, where those are all, the root of its tree.
    let positions: JSON
    /// How many entries of each lane were taken into account, from lane 0 on.
    let sizes: [Int64]
    let time: Timestamp
    let lagPositions: Int64
    let lag: Duration

    /// As of what every projection has applied, in the transaction of `connection`.
    static func projections(_ connection: isolated Connection) throws(PostgresError) -> AsOf {
        let lanes = try connection.fetchAll(Queries.Projections.fetchProgress(projections: Projection.all.map(\.name)))
        let now = Timestamp.now
        let oldest = lanes.filter { $0.position < $0.size }.compactMap(\.nextRecordedAt).min()
        return AsOf(
            positions: .array(
                lanes.map { Self.position($0.lane, $0.position, root: $0.position == $0.size ? $0.root : nil) }),
            sizes: lanes.map(\.position), time: now, lagPositions: lanes.reduce(0) { $0 + $1.size - $1.position },
            lag: oldest.map { .microseconds(max(0, now.microseconds - $0.microseconds)) } ?? .zero)
    }

    /// As of the log itself.
    static func log(_ heads: [Queries.Log.FetchHeads]) -> AsOf {
        AsOf(
            positions: .array(heads.map { Self.position($0.lane, $0.size, root: $0.root) }),
            sizes: heads.map(\.size), time: .now, lagPositions: 0, lag: .zero)
    }

    /// The moment up to which nothing that was recorded is missing.
    var moment: Timestamp { time.advanced(by: .zero - lag) }

    /// The same for an answer out of less than what is known now.
    func known(_ known: KnownAt?) -> AsOf {
        guard let known, known.sizes != sizes else { return self }
        let positions = known.sizes.enumerated().map { Self.position(Int16($0.offset), $0.element, root: nil) }
        return AsOf(
            positions: .array(positions), sizes: known.sizes, time: time, lagPositions: lagPositions, lag: lag)
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
