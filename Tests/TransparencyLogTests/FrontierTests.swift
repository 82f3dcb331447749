import Testing
import TransparencyLog

@Suite struct FrontierTests {
    @Test func theRootIsThatOfTheRecursiveDefinitionAtEverySize() {
        let leaves = Reference.leaves(300)
        var frontier = Frontier()
        for size in 0...300 {
            #expect(frontier.root.bytes == Reference.root(leaves[..<size]), "of \(size) leaves")
            #expect(frontier.size == UInt64(size))
            if size < 300 { frontier.append(Merkle.leaf(leaves[size])) }
        }
    }

    @Test func aFrontierReadBackGoesOnAsTheOneThatWasWritten() throws {
        let leaves = Reference.leaves(130)
        for size in 0..<130 {
            var frontier = Frontier()
            for leaf in leaves[..<size] { frontier.append(Merkle.leaf(leaf)) }
            #expect(frontier.bytes.count == size.nonzeroBitCount * 32)
            var back = try #require(Frontier(size: UInt64(size), bytes: frontier.bytes))
            for leaf in leaves[size...] { back.append(Merkle.leaf(leaf)) }
            #expect(back.root.bytes == Reference.root(leaves[...]), "gone on from \(size)")
        }
    }

    @Test(arguments: [(0, 32), (1, 0), (1, 31), (1, 64), (3, 32), (255, 8 * 32 + 1), (256, 0)])
    func bytesThatDoNotFitTheSizeAreRefused(size: UInt64, count: Int) {
        #expect(Frontier(size: size, bytes: [UInt8](repeating: 7, count: count)) == nil)
    }

    /// 66,000 leaves pass 65,536, so that two levels complete.
    @Test func everyCompleteSubtreeIsHandedOverOnceWithItsRoot() {
        let leaves = Reference.leaves(66_000)
        var frontier = Frontier()
        var completed: [Subtree] = []
        for leaf in leaves { frontier.append(Merkle.leaf(leaf)) { completed.append($0) } }
        #expect(completed.filter { $0.level == 1 }.map(\.index) == Array(0..<257))
        #expect(completed.filter { $0.level == 2 }.map(\.index) == [0])
        #expect(completed.count == 258)
        for subtree in completed where subtree.level == 1 && subtree.index % 64 == 0 {
            let first = Int(subtree.index) * 256
            #expect(subtree.hash.bytes == Reference.root(leaves[first..<first + 256]))
        }
        #expect(completed.first { $0.level == 2 }?.hash.bytes == Reference.root(leaves[..<65_536]))
        // The one that a leaf completes on a higher level comes after the one below it.
        #expect(completed[255].level == 1)
        #expect(completed[256].level == 2)
    }

    @Test func aHashHas32Bytes() {
        #expect(MerkleHash([UInt8](repeating: 0, count: 31)) == nil)
        #expect(MerkleHash([UInt8](repeating: 0, count: 33)) == nil)
        #expect(MerkleHash([UInt8](repeating: 1, count: 32))?.bytes == [UInt8](repeating: 1, count: 32))
    }

    @Test func leavesAndNodesAreHashedApart() {
        let (left, right) = (Merkle.leaf([1]), Merkle.leaf([2]))
        // A leaf that says what a node hashes is not that node: RFC 6962 gives each a prefix of its own.
        #expect(Merkle.leaf(left.bytes + right.bytes) != Merkle.node(left, right))
    }
}
