public import TransparencyLog

/// An export held against what was signed of its lane: needs no database.
///
/// The lines are the leaves, in their order from the first of the lane on; more of them than were signed are no fault.
public struct ExportVerification: Sendable {
    private var frontier = Frontier()
    /// By size, the smallest first.
    private let checkpoints: [Checkpoint]
    private var next = 0

    /// - Parameter checkpoints: Verified, and all of one lane.
    public init(_ checkpoints: [Checkpoint]) { self.checkpoints = checkpoints.sorted { $0.size < $1.size } }

    /// Takes the next line, without its line feed.
    ///
    /// - Throws: `.unproven` where a checkpoint is of exactly the lines so far, and has another root.
    public mutating func take(_ line: [UInt8]) throws(TransparencyError) {
        try compare()
        frontier.append(Merkle.leaf(line))
        try compare()
    }

    /// Returns how many lines there were, and up to which of them everything was signed.
    ///
    /// - Throws: `.unproven` where there are fewer lines than were signed.
    public mutating func finish() throws(TransparencyError) -> (lines: UInt64, signed: UInt64) {
        try compare()
        guard next == checkpoints.count, let last = checkpoints.last else {
            throw .unproven(
                "the export ends after \(frontier.size) entries, and the checkpoint is of "
                    + "\(checkpoints.last?.size ?? 0): entries are missing")
        }
        return (frontier.size, last.size)
    }

    private mutating func compare() throws(TransparencyError) {
        while next < checkpoints.count, checkpoints[next].size == frontier.size {
            guard frontier.root == checkpoints[next].root else {
                let from = next == 0 ? 0 : checkpoints[next - 1].size
                throw .unproven(
                    "the entries from \(from) up to \(frontier.size) are not those that were signed: one of them was "
                        + "changed, moved, added or removed")
            }
            next += 1
        }
    }
}
