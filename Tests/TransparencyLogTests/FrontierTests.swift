import Testing
import TransparencyLog

/// The root of a tree that grows leaf by leaf.
@Suite struct FrontierTests {
    @Test("The root is that of the recursive definition at every size up to 600")
    func everyRoot() {
        let reference = Reference(count: 600)
        var frontier = Frontier()
        for size in 0...600 {
            #expect(frontier.root == reference.root(size), "of \(size) leaves")
            #expect(frontier.size == UInt64(size))
            if size < 600 { frontier.append(Merkle.leaf(reference.leaves[size])) }
        }
    }

    @Test(
        "The root is that of the recursive definition at random sizes and leaves",
        arguments: [11, 12, 13, 14, 15, 16] as [UInt64])
    func randomRoots(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let size = Int.random(in: 601...20_000, using: &random)
        let reference = Reference(count: size, seed: seed)
        var frontier = Frontier()
        for leaf in reference.leaves { frontier.append(Merkle.leaf(leaf)) }
        #expect(frontier.root == reference.root(size), "seed \(seed), \(size) leaves")
    }

    @Test("The root over a range of leaves is that of the recursive definition", arguments: [21, 22] as [UInt64])
    func ranges(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let reference = Reference(count: 300, seed: seed)
        for _ in 0..<200 {
            let from = Int.random(in: 0...300, using: &random)
            let until = Int.random(in: from...300, using: &random)
            let root = Proof.root(UInt64(from)..<UInt64(until), leaf: reference.leaf)
            #expect(root.bytes == reference.root(from..<until), "seed \(seed), \(from)..<\(until)")
        }
    }

    @Test("A frontier has one hash for each one bit of its size, the largest subtree's first")
    func layout() throws {
        let reference = Reference(count: 200)
        var frontier = Frontier()
        for size in 1...200 {
            frontier.append(reference.leaf(UInt64(size - 1)))
            var expected: [UInt8] = []
            var start = 0
            for bit in (0..<8).reversed() where size >> bit & 1 == 1 {
                expected += reference.root(start..<start + 1 << bit)
                start += 1 << bit
            }
            #expect(frontier.bytes == expected, "of \(size) leaves")
        }
        #expect(Frontier().bytes.isEmpty)
    }

    @Test("A frontier that is written and read back is the same and grows on as before")
    func roundTrip() throws {
        let reference = Reference(count: 140)
        for size in 0...140 {
            var frontier = Frontier()
            for index in 0..<size { frontier.append(reference.leaf(UInt64(index))) }
            var back = try #require(Frontier(size: UInt64(size), bytes: frontier.bytes))
            #expect(back == frontier)
            #expect(back.root == frontier.root)
            for index in size..<140 { back.append(reference.leaf(UInt64(index))) }
            #expect(back.root == reference.root(140), "gone on from \(size)")
        }
    }

    @Test("Bytes that do not fit the size are refused, of whatever size")
    func damagedForms() {
        for size in Array(0...300) + [65_535, 65_536, 1 << 40, UInt64.max] {
            let right = size.nonzeroBitCount * 32
            for count in [right - 32, right - 1, right + 1, right + 31, right + 32] where count >= 0 {
                let bytes = [UInt8](repeating: 7, count: count)
                #expect(Frontier(size: size, bytes: bytes) == nil, "\(count) bytes for \(size) leaves")
            }
            #expect(Frontier(size: size, bytes: [UInt8](repeating: 7, count: right)) != nil)
        }
    }

    @Test("A frontier of which a bit was turned has another root")
    func turnedBits() throws {
        let reference = Reference(count: 77)
        var frontier = Frontier()
        for index in 0..<77 as Range<UInt64> { frontier.append(reference.leaf(index)) }
        for bit in 0..<frontier.bytes.count * 8 {
            var bytes = frontier.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(try #require(Frontier(size: 77, bytes: bytes)).root != reference.root(77), "bit \(bit)")
        }
    }

    @Test("A copy of a frontier grows apart from the one it was made of")
    func copies() {
        let reference = Reference(count: 9)
        var frontier = Frontier()
        for index in 0..<7 as Range<UInt64> { frontier.append(reference.leaf(index)) }
        var copy = frontier
        for index in 7..<9 as Range<UInt64> { copy.append(reference.leaf(index)) }
        #expect(frontier.root == reference.root(7))
        #expect(copy.root == reference.root(9))
    }
}
