import Testing
import TransparencyLog

@Suite struct ProofTests {
    private static let count = 70
    private let leaves = Reference.leaves(count)

    private func leaf(_ index: UInt64) -> MerkleHash { Merkle.leaf(leaves[Int(index)]) }
    private func root(_ size: Int) -> MerkleHash { MerkleHash(Reference.root(leaves[..<size]))! }

    @Test func everyPathIsThatOfTheDefinitionAndTiesItsLeafToTheRoot() throws {
        for size in 1...Self.count {
            let root = root(size)
            for index in 0..<size {
                let path = try Proof.inclusion(of: UInt64(index), in: UInt64(size), leaf: leaf)
                #expect(path.map(\.bytes) == Reference.path(index, leaves[..<size]))
                #expect(
                    Proof.verifyInclusion(
                        of: leaf(UInt64(index)), at: UInt64(index), in: UInt64(size), root: root, path: path))
            }
        }
    }

    @Test func everyOlderTreeIsShownToBeAPrefixOfEveryNewerOne() throws {
        for newer in 1...Self.count {
            for older in 1...newer {
                let path = try Proof.consistency(from: UInt64(older), to: UInt64(newer), leaf: leaf)
                #expect(path.map(\.bytes) == Reference.subproof(older, leaves[..<newer], true))
                #expect(
                    Proof.verifyConsistency(
                        from: UInt64(older), root: root(older), to: UInt64(newer), root: root(newer), path: path))
            }
        }
    }

    /// Every way in which a path may be wrong: a bit, a hash too few or too many, two that changed places, another
    /// place, another size, another leaf.
    @Test(arguments: [1, 2, 3, 5, 8, 13, 33, 64, 70]) func aPathThatWasTamperedWithIsRefused(size: Int) throws {
        let root = root(size)
        for index in 0..<size {
            let path = try Proof.inclusion(of: UInt64(index), in: UInt64(size), leaf: leaf)
            func verify(
                _ path: [MerkleHash], at place: Int? = nil, in other: Int? = nil, of leaf: MerkleHash? = nil,
                root otherRoot: MerkleHash? = nil
            ) -> Bool {
                Proof.verifyInclusion(
                    of: leaf ?? self.leaf(UInt64(index)), at: UInt64(place ?? index), in: UInt64(other ?? size),
                    root: otherRoot ?? root, path: path)
            }
            for changed in Self.tampered(path) { #expect(!verify(changed), "leaf \(index) of \(size)") }
            for place in 0..<size where place != index { #expect(!verify(path, at: place)) }
            #expect(!verify(path, at: size))
            #expect(!verify(path, of: Merkle.leaf([0xFF])))
            #expect(!verify(path, root: Merkle.leaf([0xFF])))
        }
    }

    @Test(arguments: [(1, 2), (1, 8), (2, 5), (3, 7), (6, 8), (4, 8), (33, 64), (63, 70), (64, 70), (69, 70)])
    func aConsistencyPathThatWasTamperedWithIsRefused(older: Int, newer: Int) throws {
        let path = try Proof.consistency(from: UInt64(older), to: UInt64(newer), leaf: leaf)
        func verify(_ path: [MerkleHash], _ olderRoot: MerkleHash, _ newerRoot: MerkleHash) -> Bool {
            Proof.verifyConsistency(
                from: UInt64(older), root: olderRoot, to: UInt64(newer), root: newerRoot, path: path)
        }
        #expect(verify(path, root(older), root(newer)))
        for changed in Self.tampered(path) { #expect(!verify(changed, root(older), root(newer))) }
        #expect(!verify(path, Merkle.leaf([0xFF]), root(newer)))
        #expect(!verify(path, root(older), Merkle.leaf([0xFF])))
        #expect(!verify(path, root(newer), root(older)))
    }

    private static func tampered(_ path: [MerkleHash]) -> [[MerkleHash]] {
        var all: [[MerkleHash]] = [path + [Merkle.leaf([0xEE])], [Merkle.leaf([0xEE])] + path]
        for index in path.indices {
            var bytes = path[index].bytes
            bytes[index % 32] ^= 1 << UInt8(index % 8)
            var changed = path
            changed[index] = MerkleHash(bytes)!
            all.append(changed)
            var shortened = path
            shortened.remove(at: index)
            all.append(shortened)
            if index > 0, path[index] != path[index - 1] {
                var swapped = path
                swapped.swapAt(index, index - 1)
                all.append(swapped)
            }
        }
        return all
    }

    @Test func treesThatAreEqualOrEmptyNeedNoPath() throws {
        #expect(try Proof.consistency(from: 0, to: 5, leaf: leaf) == [])
        #expect(try Proof.consistency(from: 5, to: 5, leaf: leaf) == [])
        #expect(Proof.verifyConsistency(from: 0, root: Merkle.empty, to: 5, root: root(5), path: []))
        #expect(Proof.verifyConsistency(from: 5, root: root(5), to: 5, root: root(5), path: []))
        #expect(!Proof.verifyConsistency(from: 5, root: root(5), to: 5, root: root(6), path: []))
        #expect(!Proof.verifyConsistency(from: 0, root: root(5), to: 5, root: root(5), path: []))
        #expect(!Proof.verifyConsistency(from: 0, root: Merkle.empty, to: 5, root: root(5), path: [root(5)]))
    }

    @Test func whatIsOutOfRangeIsRefused() {
        #expect(throws: Proof.Fault.outOfRange) { try Proof.inclusion(of: 5, in: 5, leaf: leaf) }
        #expect(throws: Proof.Fault.outOfRange) { try Proof.inclusion(of: 0, in: 0, leaf: leaf) }
        #expect(throws: Proof.Fault.outOfRange) { try Proof.consistency(from: 6, to: 5, leaf: leaf) }
        #expect(!Proof.verifyConsistency(from: 6, root: root(6), to: 5, root: root(5), path: []))
    }
}
