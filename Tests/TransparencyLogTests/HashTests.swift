import Testing
import TransparencyLog

/// Leaves, nodes and what a hash is.
@Suite struct HashTests {
    @Test("A hash has 32 bytes, no fewer and no more")
    func length() {
        for count in [0, 1, 31, 33, 64] { #expect(MerkleHash([UInt8](repeating: 1, count: count)) == nil) }
        #expect(MerkleHash([UInt8](repeating: 1, count: 32))?.bytes == [UInt8](repeating: 1, count: 32))
    }

    @Test("A leaf is hashed after a zero byte, whether its bytes come as an array or as memory")
    func leaves() {
        for count in [0, 1, 31, 55, 56, 63, 64, 65, 1000, 65_535] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let expected = Reference.hash([0x00] + bytes)
            #expect(Merkle.leaf(bytes).bytes == expected, "\(count) bytes")
            #expect(bytes.withUnsafeBytes { Merkle.leaf($0) }.bytes == expected, "\(count) bytes")
        }
    }

    /// A leaf that holds two hashes is not the node above them: the second preimage that RFC 6962 guards against.
    @Test("A leaf that says what a node hashes is not that node")
    func apart() {
        let (left, right) = (Merkle.leaf([1]), Merkle.leaf([2]))
        #expect(Merkle.node(left, right).bytes == Reference.hash([0x01] + left.bytes + right.bytes))
        #expect(Merkle.leaf(left.bytes + right.bytes) != Merkle.node(left, right))
        #expect(Merkle.node(left, right) != Merkle.node(right, left))
    }
}
