import TransparencyLog

/// A Merkle tree as its definition puts it, of whole bodies.
enum Tree {
    static func leaf(_ body: [UInt8]) -> MerkleHash { Merkle.leaf(body) }

    /// Source: RFC 6962, section 2.1.
    static func root(_ bodies: some Collection<[UInt8]>) -> MerkleHash {
        switch bodies.count {
        case 0: return Merkle.empty
        case 1: return leaf(bodies.first!)
        default:
            // The largest power of two below the count.
            var split = 1
            while split * 2 < bodies.count { split *= 2 }
            return Merkle.node(root(bodies.prefix(split)), root(bodies.dropFirst(split)))
        }
    }
}
