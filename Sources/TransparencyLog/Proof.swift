/// The hashes that tie a leaf, or an older tree, to the root of a tree.
public enum Proof {
    /// Why no proof was made.
    public enum Fault: Error, Sendable, Hashable {
        /// The index is not below the size, or the older size is larger than the newer: ask for what there is.
        case outOfRange
    }

    /// The path from leaf `index` to the root of the first `size` leaves, from the leaf's sibling upwards.
    ///
    /// - Parameter leaf: The hash of a leaf. Each leaf of the tree but one is asked for once.
    /// - Source: RFC 6962, section 2.1.1, PATH.
    public static func inclusion(
        of index: UInt64, in size: UInt64, leaf: (UInt64) throws -> MerkleHash
    ) throws -> [MerkleHash] {
        try inclusionNodes(of: index, in: size).map { try root($0, leaf: leaf) }
    }

    /// The nodes whose hashes are the path from leaf `index` upwards, each as the leaves below it.
    ///
    /// - Source: RFC 6962, section 2.1.1, PATH.
    public static func inclusionNodes(of index: UInt64, in size: UInt64) throws(Fault) -> [Range<UInt64>] {
        guard index < size else { throw .outOfRange }
        var path: [Range<UInt64>] = []
        var (low, high) = (UInt64(0), size)
        while high - low > 1 {
            let middle = low + split(high - low)
            if index < middle {
                path.append(middle..<high)
                high = middle
            } else {
                path.append(low..<middle)
                low = middle
            }
        }
        return path.reversed()
    }

    /// The hashes that show the first `older` leaves to be a prefix of the first `newer`.
    ///
    /// - Source: RFC 6962, section 2.1.2, PROOF.
    public static func consistency(
        from older: UInt64, to newer: UInt64, leaf: (UInt64) throws -> MerkleHash
    ) throws -> [MerkleHash] {
        try consistencyNodes(from: older, to: newer).map { try root($0, leaf: leaf) }
    }

    /// The nodes whose hashes show that, each as the leaves below it.
    ///
    /// - Source: RFC 6962, section 2.1.2, PROOF.
    public static func consistencyNodes(from older: UInt64, to newer: UInt64) throws(Fault) -> [Range<UInt64>] {
        guard older <= newer else { throw .outOfRange }
        guard older > 0, older < newer else { return [] }
        var path: [Range<UInt64>] = []
        var (low, high) = (UInt64(0), newer)
        var isWhole = true
        while older != high {
            let middle = low + split(high - low)
            if older <= middle {
                path.append(middle..<high)
                high = middle
            } else {
                path.append(low..<middle)
                low = middle
                isWhole = false
            }
        }
        if !isWhole { path.append(low..<high) }
        return path.reversed()
    }

    /// The root over a range of leaves.
    ///
    /// - Source: RFC 6962, section 2.1, MTH.
    public static func root(
        _ leaves: Range<UInt64>, leaf: (UInt64) throws -> MerkleHash
    ) rethrows -> MerkleHash {
        var frontier = Frontier()
        for index in leaves { frontier.append(try leaf(index)) }
        return frontier.root
    }

    /// The largest power of two below `size`, which is at least 2.
    private static func split(_ size: UInt64) -> UInt64 { 1 << (63 - (size - 1).leadingZeroBitCount) }

    // MARK: - Verification

    /// Whether `path` ties the leaf to the root.
    ///
    /// - Source: RFC 9162, section 2.1.3.2.
    public static func verifyInclusion(
        of leaf: MerkleHash, at index: UInt64, in size: UInt64, root: MerkleHash, path: [MerkleHash]
    ) -> Bool {
        guard index < size else { return false }
        var (fn, sn) = (index, size - 1)
        var hash = leaf
        for sibling in path {
            guard sn != 0 else { return false }
            if fn & 1 == 1 || fn == sn {
                hash = Merkle.node(sibling, hash)
                while fn & 1 == 0, fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                hash = Merkle.node(hash, sibling)
            }
            fn >>= 1
            sn >>= 1
        }
        return sn == 0 && hash == root
    }

    /// Whether `path` shows the tree of `older` leaves to be a prefix of that of `newer`.
    ///
    /// A tree without leaves is a prefix of every tree, and a tree of itself; both without a path.
    ///
    /// - Source: RFC 9162, section 2.1.4.2.
    public static func verifyConsistency(
        from older: UInt64, root olderRoot: MerkleHash, to newer: UInt64, root newerRoot: MerkleHash,
        path: [MerkleHash]
    ) -> Bool {
        guard older <= newer else { return false }
        if older == newer { return path.isEmpty && olderRoot == newerRoot }
        if older == 0 { return path.isEmpty && olderRoot == Merkle.empty }
        var path = path[...]
        if older.nonzeroBitCount == 1 { path = [olderRoot] + path }
        guard let first = path.popFirst() else { return false }
        var (fn, sn) = (older - 1, newer - 1)
        while fn & 1 == 1 {
            fn >>= 1
            sn >>= 1
        }
        var (fr, sr) = (first, first)
        for hash in path {
            guard sn != 0 else { return false }
            if fn & 1 == 1 || fn == sn {
                fr = Merkle.node(hash, fr)
                sr = Merkle.node(hash, sr)
                while fn & 1 == 0, fn != 0 {
                    fn >>= 1
                    sn >>= 1
                }
            } else {
                sr = Merkle.node(sr, hash)
            }
            fn >>= 1
            sn >>= 1
        }
        return sn == 0 && fr == olderRoot && sr == newerRoot
    }
}
