import Testing
import TransparencyLog

/// Where the pieces of a log are served, and what they are made of.
@Suite struct TileTests {
    /// Source: C2SP tlog-tiles: "index 1234067 will be encoded as x001/x234/067".
    @Test(
        "Addresses are read, and written as they were",
        arguments: [
            ("0/x001/x234/067", .hashes(level: 0), 1_234_067, 256), ("0/000", .hashes(level: 0), 0, 256),
            ("0/x001/x234/067.p/112", .hashes(level: 0), 1_234_067, 112), ("entries/000", .entries, 0, 256),
            ("entries/x123/456.p/1", .entries, 123_456, 1), ("63/999.p/255", .hashes(level: 63), 999, 255),
            ("1/x001/000", .hashes(level: 1), 1000, 256),
        ] as [(String, Tile.Content, UInt64, Int)])
    func addresses(path: String, content: Tile.Content, index: UInt64, width: Int) {
        #expect(Tile(path: path) == Tile(content, index: index, width: width))
        #expect(Tile(content, index: index, width: width).path == path)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "/", "0", "0/", "0/0", "0/00", "0/0000", "0/x000", "0/x000/000", "0/000/000", "0/001/x234", "00/000",
            "64/000", "-1/000", "+1/000", "0/000.p", "0/000.p/", "0/000.p/0", "0/000.p/256", "0/000.p/01",
            "0/000.p/1/", "0/000.p/-1", "0/000.q/1", "0/x001.p/234", "0/00a", "0/+01", "0/x001/x234/067/", "/0/000",
            "entries", "Entries/000", "data/000", "0/x999/x999/x999/x999/x999/x999/x999", "0/\u{661}\u{661}\u{661}",
            "0/.p/1", "0/000.p/1.p/1",
        ])
    func refused(path: String) {
        #expect(Tile(path: path) == nil)
    }

    /// Source: C2SP tlog-tiles, the example of a tree of 70,000 leaves, and the one of 256.
    @Test("A tree has the tiles that the specification says, and no wider ones")
    func example() {
        func whole(_ level: Int, _ index: UInt64, _ width: Int = 256, in size: UInt64 = 70_000) -> Bool {
            Tile(.hashes(level: level), index: index, width: width).isWhole(in: size)
        }
        #expect(whole(0, 272) && whole(0, 273, 112) && !whole(0, 273, 113) && !whole(0, 273) && !whole(0, 274, 1))
        #expect(whole(1, 0) && whole(1, 1, 17) && !whole(1, 1, 18) && !whole(1, 2, 1))
        #expect(whole(2, 0, 1) && !whole(2, 0, 2) && !whole(3, 0, 1))
        #expect(whole(0, 0, in: 256) && whole(1, 0, 1, in: 256) && !whole(1, 0, 1, in: 255))
        #expect(!whole(0, 0, 1, in: 0) && !whole(63, 0, 1, in: .max) && !whole(8, 0, 1, in: .max))
        #expect(whole(7, 0, 255, in: .max) && !whole(7, 0, in: .max))
        #expect(!whole(0, .max, in: .max) && !whole(0, .max / 256, in: .max))
        #expect(Tile(.entries, index: 273, width: 112).isWhole(in: 70_000))
        #expect(!Tile(.entries, index: 273, width: 113).isWhole(in: 70_000))
    }

    @Test(
        "Every node of every proof is made of few kept hashes, and comes out as the definition has it",
        arguments: [
            1, 2, 255, 256, 257, 511, 512, 600, 1024, 66_000,
        ])
    func covers(size: Int) throws {
        let reference = Reference(count: size)
        var random = SplitMix(seed: UInt64(size))
        var nodes: Set<Range<UInt64>> = [0..<UInt64(size)]
        for _ in 0..<20 {
            let index = UInt64.random(in: 0..<UInt64(size), using: &random)
            nodes.formUnion(try Proof.inclusionNodes(of: index, in: UInt64(size)))
            nodes.formUnion(try Proof.consistencyNodes(from: index, to: UInt64(size)))
        }
        for node in nodes {
            let spans = Cover.spans(of: node)
            var next = node.lowerBound
            let hashes = spans.map { span in
                span.indices.map { index in
                    let width = UInt64(1) << UInt64(8 * span.level)
                    #expect(index * width == next)
                    next += width
                    return MerkleHash(reference.root(Int(index * width)..<Int((index + 1) * width)))!
                }
            }
            #expect(next == node.upperBound)
            #expect(spans.allSatisfy { $0.indices.count <= 256 })
            #expect(Cover.root(of: spans, hashes).bytes == reference.root(Int(node.lowerBound)..<Int(node.upperBound)))
        }
    }

    @Test("However long the log, a proof is made of few hashes")
    func few() throws {
        let nodes =
            try Proof.inclusionNodes(of: 12_345_678, in: 50_000_000)
            + Proof.consistencyNodes(from: 12_345_678, to: 50_000_000)
        let hashes = nodes.flatMap(Cover.spans).reduce(0) { $0 + $1.indices.count }
        #expect(hashes < 2 * 4 * 512)
    }

    @Test("A node of a tree as large as any is covered by at most 256 hashes of each level")
    func large() throws {
        let size = UInt64(1) << 62 - 3
        for node in try Proof.inclusionNodes(of: 12_345_678_901, in: size) + [0..<size] {
            let spans = Cover.spans(of: node)
            #expect(spans.allSatisfy { $0.indices.count <= 256 } && spans.count <= 8)
        }
        #expect(Cover.spans(of: 5..<5) == [])
        #expect(Cover.root(of: [], []) == Merkle.empty)
    }
}
