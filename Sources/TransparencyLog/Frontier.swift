/// The right edge of a tree: all that is needed to append to it and to know its root.
///
/// One hash for each complete subtree that the size is made of, the largest first: as many as the size has one bits.
public struct Frontier: Sendable, Hashable {
    /// Leaves.
    public private(set) var size: UInt64
    private var hashes: [MerkleHash]

    /// The tree without leaves.
    public init() {
        size = 0
        hashes = []
    }

    /// What `bytes` gave; nil where they do not fit a tree of `size` leaves.
    public init?(size: UInt64, bytes: [UInt8]) {
        guard bytes.count == size.nonzeroBitCount * 32 else { return nil }
        self.size = size
        hashes = stride(from: 0, to: bytes.count, by: 32).map {
            MerkleHash(unchecked: Array(bytes[$0..<$0 + 32]))
        }
    }

    /// The hashes one after another, the largest subtree's first.
    public var bytes: [UInt8] { hashes.flatMap(\.bytes) }

    /// The root of the tree.
    public var root: MerkleHash {
        guard var root = hashes.last else { return Merkle.empty }
        for hash in hashes.dropLast().reversed() { root = Merkle.node(hash, root) }
        return root
    }

    /// Appends a leaf.
    ///
    /// - Parameter completed: Given each subtree of 256, 65,536, … leaves that the leaf completes, the smallest first.
    public mutating func append(_ leaf: MerkleHash, completed: (Subtree) -> Void = { _ in }) {
        var hash = leaf
        var height = 0
        // A leaf completes as many subtrees as the size before it ends in one bits.
        while size >> height & 1 == 1 {
            hash = Merkle.node(hashes.removeLast(), hash)
            height += 1
            if height % Subtree.height == 0 {
                completed(Subtree(level: height / Subtree.height, index: size >> height, hash: hash))
            }
        }
        hashes.append(hash)
        size += 1
    }
}

/// A complete subtree of 256 to the power of `level` leaves.
public struct Subtree: Sendable, Hashable {
    /// How many times higher than a leaf a level is: the tiles of C2SP tlog-tiles hold 256 hashes.
    public static let height = 8

    /// From 1.
    public let level: Int
    /// Which of the subtrees of its level it is, from 0 at the left.
    public let index: UInt64
    public let hash: MerkleHash
}
