import TransparencyLog

/// What was signed of a lane, held against a walk along it.
struct SignedPrefixes {
    /// By size, the smallest first.
    private let checkpoints: [Checkpoint]
    private var next = 0
    /// The largest tree that is as it was signed.
    private(set) var agreed = Frontier()
    /// The first size whose tree is not.
    private var other: UInt64?

    init(_ checkpoints: [Checkpoint]) { self.checkpoints = checkpoints.sorted { $0.size < $1.size } }

    /// Takes the tree as it grows, at every size, none left out.
    mutating func compare(with tree: Frontier) {
        let size = tree.size
        guard other == nil, next < checkpoints.count, checkpoints[next].size == size else { return }
        while next < checkpoints.count, checkpoints[next].size == size {
            if checkpoints[next].root != tree.root { other = size }
            next += 1
        }
        if other == nil { agreed = tree }
    }

    /// What is missing of a lane that is sound in itself, and shorter than what was signed of it.
    func missing(of lane: Lane, after tree: Frontier) -> Verification.Fault? {
        guard next < checkpoints.count else { return nil }
        // What stands between the last that was signed and the end may have been rewritten as well.
        let (start, end) = (Int64(agreed.size), Int64(tree.size))
        return Verification.Fault(
            position: Position(lane: lane, index: start), span: end - start + 1,
            reason: "\(checkpoints[next].size) entries were signed, and the lane ends before \(lane)/\(end)")
    }

    /// Of what the walk found in the lane itself and what was signed otherwise, that which comes first.
    ///
    /// Where the walk's is among the entries one of which is not what was signed, it says more, and is preferred.
    func first(_ found: Verification.Fault?, of lane: Lane) -> Verification.Fault? {
        guard let other else { return found }
        let (start, end) = (Int64(agreed.size), Int64(other))
        if let found {
            let (first, after) = (found.position.index, found.position.index + found.span)
            if after <= start || first >= start && after <= end { return found }
        }
        return Verification.Fault(
            position: Position(lane: lane, index: start), span: max(end - start, 1),
            reason: "this is not what was signed of the first \(other) entries")
    }
}
