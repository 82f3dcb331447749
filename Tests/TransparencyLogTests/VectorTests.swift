import Testing
import TransparencyLog

/// Values that others have published or that another program computed.
@Suite struct VectorTests {
    /// Source: the test vectors of Certificate Transparency's reference implementation, `merkletree/merkle_tree_test`,
    /// and the design.
    private static let leaves = [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ]
    private static let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    private func leaf(_ index: UInt64) -> MerkleHash { Merkle.leaf(bytes(Self.leaves[Int(index)])) }

    @Test("The roots of growing trees are those of Certificate Transparency")
    func roots() {
        var frontier = Frontier()
        #expect(frontier.root == hash(Self.roots[0]))
        #expect(Merkle.empty == hash(Self.roots[0]))
        for index in 0..<8 {
            frontier.append(leaf(UInt64(index)))
            #expect(frontier.root == hash(Self.roots[index + 1]), "after \(index + 1) leaves")
        }
    }

    @Test(
        "Inclusion paths are the published ones",
        arguments: [
            (0, 1, []),
            (
                0, 8,
                [
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ]
            ),
            (
                5, 8,
                [
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ]
            ),
            (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
            (
                1, 5,
                [
                    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ]
            ),
        ])
    func inclusionPaths(index: UInt64, size: UInt64, path: [String]) throws {
        let made = try Proof.inclusion(of: index, in: size, leaf: leaf)
        #expect(made == path.map(hash))
        let root = hash(Self.roots[Int(size)])
        #expect(Proof.verifyInclusion(of: leaf(index), at: index, in: size, root: root, path: path.map(hash)))
    }

    @Test(
        "Consistency proofs are the published ones",
        arguments: [
            (1, 1, []),
            (
                1, 8,
                [
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ]
            ),
            (
                6, 8,
                [
                    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ]
            ),
            (
                2, 5,
                [
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ]
            ),
        ])
    func consistencyProofs(older: UInt64, newer: UInt64, path: [String]) throws {
        let made = try Proof.consistency(from: older, to: newer, leaf: leaf)
        #expect(made == path.map(hash))
        #expect(
            Proof.verifyConsistency(
                from: older, root: hash(Self.roots[Int(older)]), to: newer, root: hash(Self.roots[Int(newer)]),
                path: path.map(hash)))
    }

    /// Leaf n is the decimal digits of n.
    ///
    /// Source: a program of its own, RFC 6962 section 2.1 over Python's hashlib.
    @Test(
        "The roots of larger trees are those that another program computed",
        arguments: [
            (9, "e10cb99e8a9c48ae8a25e6c37ab3c88e6c93e8cf2a62cf7e4dcac1ea597e77d4"),
            (255, "32f85bcaa87d7bcd05728f09e9aeba350ba6a2f733830087f0597682848be5cb"),
            (256, "828515d033c19d8c901f37eccb8aed919667703486f8d2fff1cf7040321c5db1"),
            (257, "1eda049a4351d86f76252bd7ec0b7746ad75b7fa0316ad5f541dbda458a312c4"),
            (1000, "638afa98022925bacfddadb15ef22fd0199c1ac99c2973b6158243d13fce05c2"),
            (65_535, "74f13a0e1a75689372efb990cf68c664e44c763d9304844955b2eaff624e8df1"),
            (65_536, "f025d06ed804859fd274a1bdacadd6e48ea87634aa91e1edb20143f9498cd02b"),
            (65_537, "dc8795a25fd4bd52a0b84f639fd3139ba160824023d188e428eb5db0f3ce221a"),
            (100_003, "4a607c0c939be1ef014338ac2783df1a941a064505016ae51e852b95e419ed5d"),
        ])
    func largerTrees(size: UInt64, root: String) {
        var frontier = Frontier()
        for index in 0..<size { frontier.append(decimalLeaf(index)) }
        #expect(frontier.root == hash(root))
    }

    /// SHA-256 over the hashes of all paths one after another: index by index of each size, sizes 1 to 70.
    ///
    /// Source: the same program.
    @Test("All paths and proofs of up to 70 leaves are those that another program computed")
    func allPaths() throws {
        var inclusion: [UInt8] = []
        var consistency: [UInt8] = []
        for size in 1...70 as ClosedRange<UInt64> {
            for index in 0..<size {
                inclusion += try Proof.inclusion(of: index, in: size, leaf: decimalLeaf).flatMap(\.bytes)
            }
            for older in 1...size {
                consistency += try Proof.consistency(from: older, to: size, leaf: decimalLeaf).flatMap(\.bytes)
            }
        }
        #expect(inclusion.count == 14_129 * 32)
        #expect(
            Reference.hash(inclusion) == bytes("171a8f098bc497a565d7a8b09f113a160cc9344a6099fdc352f6c3e572bb4d7e"))
        #expect(consistency.count == 13_766 * 32)
        #expect(
            Reference.hash(consistency) == bytes("44e41d4cae5a7e40faba4cfa595c70bdc5072c09a14cb334675897fad4be2e88"))
    }

    private func decimalLeaf(_ index: UInt64) -> MerkleHash { Merkle.leaf(Array("\(index)".utf8)) }
}
