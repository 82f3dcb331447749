/// Hashes that a log keeps, side by side in one level.
public struct Span: Sendable, Hashable {
    /// 0: hashes of leaves; 1 and more: of complete subtrees of 256 to the power of the level leaves.
    public let level: Int
    /// Which of the hashes of the level, from 0 at the left.
    public let indices: Range<UInt64>

    public init(level: Int, indices: Range<UInt64>) {
        self.level = level
        self.indices = indices
    }
}

/// How the hash of a node of a tree is made out of what a log keeps: few hashes, whatever the size of the tree.
public enum Cover {
    /// The hashes that together span the leaves of a node, from the left: the largest subtrees that there are.
    ///
    /// At most 255 of a level and side.
    ///
    /// - Parameter leaves: Those of a node, such as `Proof.inclusionNodes` names.
    public static func spans(of leaves: Range<UInt64>) -> [Span] {
        var spans: [Span] = []
        var low = leaves.lowerBound
        // A node begins where a subtree of its size may: what is left over is at its right.
        for level in stride(from: 7, through: 0, by: -1) {
            let shift = UInt64(level * Subtree.height)
            guard low & (1 << shift - 1) == 0 else { continue }
            let count = (leaves.upperBound - low) >> shift
            guard count > 0 else { continue }
            spans.append(Span(level: level, indices: low >> shift..<low >> shift + count))
            low += count << shift
        }
        return spans
    }

    /// The hash of the node that `spans` cover.
    ///
    /// - Parameter hashes: Of each span as many as it has indices, same order.
    public static func root(of spans: [Span], _ hashes: [[MerkleHash]]) -> MerkleHash {
        var stack: [(height: Int, hash: MerkleHash)] = []
        for (span, hashes) in zip(spans, hashes) {
            for hash in hashes {
                var top = (height: span.level * Subtree.height, hash: hash)
                while let last = stack.last, last.height == top.height {
                    top = (top.height + 1, Merkle.node(last.hash, top.hash))
                    stack.removeLast()
                }
                stack.append(top)
            }
        }
        guard var root = stack.popLast()?.hash else { return Merkle.empty }
        while let left = stack.popLast() { root = Merkle.node(left.hash, root) }
        return root
    }
}
