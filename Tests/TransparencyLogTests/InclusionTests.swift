import Testing
import TransparencyLog

/// That an entry is in a tree.
@Suite struct InclusionTests {
    private static let count = 70

    @Test("Every path up to 70 leaves is that of the definition and ties its leaf to the root")
    func everyPath() throws {
        let reference = Reference(count: Self.count)
        for size in 1...Self.count {
            for index in 0..<size {
                let path = try Proof.inclusion(of: UInt64(index), in: UInt64(size), leaf: reference.leaf)
                #expect(path == reference.path(index, in: size), "leaf \(index) of \(size)")
                #expect(
                    Proof.verifyInclusion(
                        of: reference.leaf(UInt64(index)), at: UInt64(index), in: UInt64(size),
                        root: reference.root(size), path: path), "leaf \(index) of \(size)")
            }
        }
    }

    @Test("Paths in large trees are those of the definition", arguments: [31, 32, 33] as [UInt64])
    func largeTrees(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let size = Int.random(in: 1000...5000, using: &random)
        let reference = Reference(count: size, seed: seed)
        for index in [0, size - 1] + (0..<6).map({ _ in Int.random(in: 0..<size, using: &random) }) {
            var asked: [UInt64] = []
            let path = try Proof.inclusion(of: UInt64(index), in: UInt64(size)) {
                asked.append($0)
                return reference.leaf($0)
            }
            #expect(path == reference.path(index, in: size), "seed \(seed), leaf \(index) of \(size)")
            #expect(asked.sorted() == (0..<UInt64(size)).filter { $0 != UInt64(index) })
        }
    }

    @Test(
        "A damaged path is refused: a bit turned, a hash lost, doubled, added or moved",
        arguments: [1, 2, 3, 5, 8, 13, 33])
    func damagedPaths(size: Int) {
        let reference = Reference(count: size)
        for index in 0..<size {
            for path in damaged(reference.path(index, in: size)) {
                #expect(
                    !Proof.verifyInclusion(
                        of: reference.leaf(UInt64(index)), at: UInt64(index), in: UInt64(size),
                        root: reference.root(size), path: path), "leaf \(index) of \(size)")
            }
        }
    }

    /// Every claim that can be made with a true path, in a tree of every size, under that tree's true root.
    @Test("A true path is refused for every other leaf, index and size")
    func otherClaims() {
        let reference = Reference(count: 20)
        for size in 1...20 {
            for index in 0..<size {
                let path = reference.path(index, in: size)
                for claimedSize in 0...20 {
                    for claimedIndex in 0...claimedSize {
                        let isTrue = (claimedIndex, claimedSize) == (index, size)
                        // Where a leaf has the same path in both trees, the claim is as true as the path.
                        let isSame =
                            claimedIndex == index && index < claimedSize
                            && reference.path(index, in: claimedSize) == path
                        let isTaken = Proof.verifyInclusion(
                            of: reference.leaf(UInt64(index)), at: UInt64(claimedIndex), in: UInt64(claimedSize),
                            root: reference.root(claimedSize), path: path)
                        #expect(isTaken == (isTrue || isSame), "\(index)/\(size) as \(claimedIndex)/\(claimedSize)")
                    }
                }
                for other in 0..<size where other != index {
                    #expect(
                        !Proof.verifyInclusion(
                            of: reference.leaf(UInt64(other)), at: UInt64(index), in: UInt64(size),
                            root: reference.root(size), path: path))
                }
            }
        }
    }

    @Test("A path is refused under a root of which a bit was turned, and for a leaf of which one was")
    func turnedEnds() {
        let reference = Reference(count: 13)
        for index in 0..<13 {
            let path = reference.path(index, in: 13)
            for bit in 0..<256 {
                let (leaf, root) = (reference.leaf(UInt64(index)), reference.root(13))
                #expect(
                    !Proof.verifyInclusion(of: leaf, at: UInt64(index), in: 13, root: root.turning(bit), path: path))
                #expect(
                    !Proof.verifyInclusion(of: leaf.turning(bit), at: UInt64(index), in: 13, root: root, path: path))
            }
        }
    }

    @Test("A path of a size that would be the wrong length for its tree is refused, whatever the root")
    func lengths() {
        // Source: RFC 9162, section 2.1.3.2: the path ends exactly where the tree does.
        let leaf = Merkle.leaf([1])
        for size in [1, 2, 3, 6, 8, 100, 1 << 20, UInt64.max] {
            var root = leaf
            var path: [MerkleHash] = []
            // The leftmost leaf has a sibling at every height of the tree.
            let height = size == 1 ? 0 : 64 - (size - 1).leadingZeroBitCount
            for length in 0...66 {
                let isTaken = Proof.verifyInclusion(of: leaf, at: 0, in: size, root: root, path: path)
                #expect(isTaken == (length == height), "\(length) hashes for \(size) leaves")
                path.append(Merkle.leaf([UInt8(length)]))
                root = Merkle.node(root, path[length])
            }
        }
    }

    @Test("A path of a leaf that a tree does not have is refused with the reason")
    func outOfRange() {
        let reference = Reference(count: 5)
        for (index, size) in [(5, 5), (6, 5), (0, 0), (UInt64.max, 5), (1, 1)] as [(UInt64, UInt64)] {
            #expect(throws: Proof.Fault.outOfRange) { try Proof.inclusion(of: index, in: size, leaf: reference.leaf) }
            #expect(
                !Proof.verifyInclusion(
                    of: reference.leaf(0), at: index, in: size, root: reference.leaf(0), path: []))
        }
    }

    @Test("What reading a leaf throws comes through")
    func failure() {
        struct Gone: Error {}
        #expect(throws: Gone.self) { try Proof.inclusion(of: 1, in: 3) { _ in throw Gone() } }
        #expect(throws: Gone.self) { try Proof.consistency(from: 1, to: 3) { _ in throw Gone() } }
    }
}

extension MerkleHash {
    func turning(_ bit: Int) -> MerkleHash {
        var bytes = bytes
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return MerkleHash(bytes)!
    }
}
