import Testing
import TransparencyLog

/// That a tree has grown out of an older one, and that nothing in it was changed.
@Suite struct ConsistencyTests {
    private static let count = 70

    @Test("Every proof up to 70 leaves is that of the definition and ties the older root to the newer")
    func everyProof() throws {
        let reference = Reference(count: Self.count)
        for newer in 1...Self.count {
            for older in 1...newer {
                let path = try Proof.consistency(from: UInt64(older), to: UInt64(newer), leaf: reference.leaf)
                #expect(path == reference.proof(from: older, to: newer), "from \(older) to \(newer)")
                #expect(verify(reference, older, newer, path), "from \(older) to \(newer)")
            }
        }
    }

    @Test("Proofs between large trees are those of the definition", arguments: [41, 42, 43] as [UInt64])
    func largeTrees(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let newer = Int.random(in: 1000...5000, using: &random)
        let reference = Reference(count: newer, seed: seed)
        for older in [1, newer - 1, 512] + (0..<6).map({ _ in Int.random(in: 1..<newer, using: &random) }) {
            let path = try Proof.consistency(from: UInt64(older), to: UInt64(newer), leaf: reference.leaf)
            #expect(path == reference.proof(from: older, to: newer), "seed \(seed), from \(older) to \(newer)")
            #expect(verify(reference, older, newer, path), "seed \(seed), from \(older) to \(newer)")
        }
    }

    @Test(
        "A damaged proof is refused: a bit turned, a hash lost, doubled, added or moved",
        arguments: [(1, 2), (1, 8), (2, 5), (3, 7), (6, 8), (4, 8), (7, 8), (33, 64), (63, 70), (64, 70), (69, 70)])
    func damagedProofs(older: Int, newer: Int) {
        let reference = Reference(count: newer)
        let path = reference.proof(from: older, to: newer)
        #expect(verify(reference, older, newer, path))
        for path in damaged(path) { #expect(!verify(reference, older, newer, path), "\(path.count) hashes") }
    }

    @Test("A true proof is refused between every other pair of sizes, under their true roots")
    func otherSizes() {
        let reference = Reference(count: 18)
        for newer in 2...18 {
            for older in 1..<newer {
                let path = reference.proof(from: older, to: newer)
                for claimedNewer in 1...18 {
                    for claimedOlder in 1...18 {
                        let isSame =
                            claimedOlder <= claimedNewer
                            && reference.proof(from: claimedOlder, to: claimedNewer) == path
                        #expect(
                            verify(reference, claimedOlder, claimedNewer, path) == isSame,
                            "\(older)–\(newer) as \(claimedOlder)–\(claimedNewer)")
                    }
                }
            }
        }
    }

    @Test("A proof is refused under roots of which a bit was turned, or that changed places")
    func turnedRoots() {
        let reference = Reference(count: 13)
        for older in 1..<13 {
            let path = reference.proof(from: older, to: 13)
            let (olderRoot, newerRoot) = (reference.root(older), reference.root(13))
            func verify(_ olderRoot: MerkleHash, _ newerRoot: MerkleHash) -> Bool {
                Proof.verifyConsistency(
                    from: UInt64(older), root: olderRoot, to: 13, root: newerRoot, path: path)
            }
            for bit in 0..<256 {
                #expect(!verify(olderRoot.turning(bit), newerRoot))
                #expect(!verify(olderRoot, newerRoot.turning(bit)))
            }
            #expect(!verify(newerRoot, olderRoot))
        }
    }

    /// A log that was written anew from some entry on: its owner makes honest proofs, of another past.
    @Test("A log of which an old entry was changed cannot be shown to continue the older tree")
    func rewritten() {
        let honest = Reference(count: 40)
        for older in [1, 2, 7, 8, 25, 32, 39] {
            for changed in 0..<older {
                var leaves = honest.leaves
                leaves[changed].append(0x21)
                let forged = Reference(leaves)
                #expect(
                    !Proof.verifyConsistency(
                        from: UInt64(older), root: honest.root(older), to: 40, root: forged.root(40),
                        path: forged.proof(from: older, to: 40)), "entry \(changed) of \(older)")
            }
        }
    }

    @Test("Equal trees, and the tree without leaves, need no hashes and take none")
    func withoutHashes() throws {
        let reference = Reference(count: 6)
        let (five, six) = (reference.root(5), reference.root(6))
        #expect(try Proof.consistency(from: 0, to: 5, leaf: reference.leaf) == [])
        #expect(try Proof.consistency(from: 0, to: 0, leaf: reference.leaf) == [])
        #expect(try Proof.consistency(from: 5, to: 5, leaf: reference.leaf) == [])
        func verify(_ older: UInt64, _ olderRoot: MerkleHash, _ newerRoot: MerkleHash, _ path: [MerkleHash]) -> Bool {
            Proof.verifyConsistency(from: older, root: olderRoot, to: 5, root: newerRoot, path: path)
        }
        #expect(verify(0, Merkle.empty, five, []))
        #expect(verify(5, five, five, []))
        #expect(!verify(5, five, six, []))
        #expect(!verify(5, five, five, [five]))
        #expect(!verify(0, five, five, []))
        #expect(!verify(0, Merkle.empty, five, [five]))
        #expect(!verify(3, reference.root(3), five, []))
        #expect(!verify(4, reference.root(4), five, []))
    }

    @Test("An older tree that is larger than the newer is refused with the reason")
    func outOfRange() {
        let reference = Reference(count: 6)
        #expect(throws: Proof.Fault.outOfRange) { try Proof.consistency(from: 6, to: 5, leaf: reference.leaf) }
        #expect(throws: Proof.Fault.outOfRange) { try Proof.consistency(from: .max, to: 0, leaf: reference.leaf) }
        #expect(!verify(reference, 6, 5, []))
        #expect(!verify(reference, 6, 5, reference.proof(from: 5, to: 6)))
    }

    private func verify(_ reference: Reference, _ older: Int, _ newer: Int, _ path: [MerkleHash]) -> Bool {
        Proof.verifyConsistency(
            from: UInt64(older), root: reference.root(older), to: UInt64(newer), root: reference.root(newer),
            path: path)
    }
}
