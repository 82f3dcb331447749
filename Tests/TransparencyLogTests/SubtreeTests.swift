import Testing
import TransparencyLog

/// The subtrees that are handed over when they become complete.
@Suite struct SubtreeTests {
    /// 66,000 leaves pass 65,536, so that two levels complete.
    @Test("Every complete subtree of 256 and of 65,536 leaves is handed over once, in order, with its root")
    func completed() {
        let reference = Reference(count: 66_000)
        var frontier = Frontier()
        var completed: [Subtree] = []
        var places: [Int] = []
        for (place, leaf) in reference.leaves.enumerated() {
            frontier.append(Merkle.leaf(leaf)) {
                completed.append($0)
                places.append(place)
            }
        }
        let levels = (0..<256).map { (1, UInt64($0)) } + [(2, 0), (1, 256)]
        #expect(completed.map(\.level) == levels.map(\.0))
        #expect(completed.map(\.index) == levels.map(\.1))
        // Each with the last of its leaves.
        #expect(places == (1...256).map { $0 * 256 - 1 } + [65_535, 65_791])
        for subtree in completed where subtree.level == 1 {
            let first = Int(subtree.index) * 256
            #expect(subtree.hash.bytes == reference.root(first..<first + 256), "subtree \(subtree.index)")
        }
        #expect(completed[256].hash == reference.root(65_536))
    }

    @Test("A subtree comes out the same where the frontier was written and read back before each leaf")
    func readBack() throws {
        let reference = Reference(count: 520)
        var (size, bytes) = (UInt64(0), [UInt8]())
        var completed: [Subtree] = []
        for index in 0..<520 as Range<UInt64> {
            var frontier = try #require(Frontier(size: size, bytes: bytes))
            frontier.append(reference.leaf(index)) { completed.append($0) }
            (size, bytes) = (frontier.size, frontier.bytes)
        }
        #expect(completed.map(\.index) == [0, 1])
        #expect(completed.map(\.hash.bytes) == [reference.root(0..<256), reference.root(256..<512)])
    }

    /// No tree of 2^24 leaves is built: three frontiers that are one leaf short of completing a level are.
    @Test("The leaf that completes several levels at once hands over the smallest first", arguments: [8, 16, 24, 32])
    func severalLevels(height: Int) throws {
        let size = UInt64(1) << height - 1
        let hashes = (0..<height).map { Merkle.leaf([UInt8($0)]) }
        var frontier = try #require(Frontier(size: size, bytes: hashes.flatMap(\.bytes)))
        var completed: [Subtree] = []
        let last = Merkle.leaf([0xFF])
        frontier.append(last) { completed.append($0) }
        var hash = last.bytes
        var expected: [[UInt8]] = []
        for (height, left) in zip(1..., hashes.reversed()) {
            hash = Reference.hash([0x01] + left.bytes + hash)
            if height % 8 == 0 { expected.append(hash) }
        }
        #expect(completed.map(\.level) == Array(1...height / 8))
        #expect(completed.map(\.hash.bytes) == expected)
        #expect(completed.map(\.index) == (1...height / 8).map { (UInt64(1) << (height - 8 * $0)) - 1 })
        #expect(frontier.root.bytes == hash)
    }

    @Test("No subtree is handed over for a leaf that completes none")
    func none() {
        var frontier = Frontier()
        for index in 0..<255 as Range<UInt8> {
            frontier.append(Merkle.leaf([index])) { Issue.record("\($0) after leaf \(index)") }
        }
    }
}
