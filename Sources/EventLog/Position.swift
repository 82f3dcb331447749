/// Where an entry stands in the log: its lane, and how many entries of that lane came before it.
public struct Position: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let lane: Lane
    /// From 0; the index of the entry's leaf in its lane's Merkle tree.
    public let index: Int64

    public init(lane: Lane, index: Int64) {
        self.lane = lane
        self.index = index
    }

    public static func < (left: Position, right: Position) -> Bool {
        (left.lane, left.index) < (right.lane, right.index)
    }

    /// `lane/index`, as in `/v1/events/0/42`.
    public var description: String { "\(lane)/\(index)" }
}
