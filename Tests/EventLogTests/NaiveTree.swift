import Crypto
import Testing

/// The tree of RFC 6962, written down as the RFC defines it and no faster.
///
/// Source: RFC 6962, section 2.1.
enum NaiveTree {
    /// MTH(D[n]) over the bytes of the leaves.
    static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        guard let first = leaves.first else { return Array(SHA256.hash(data: [UInt8]())) }
        guard leaves.count > 1 else { return Array(SHA256.hash(data: [0x00] + first)) }
        var k = 1
        while k * 2 < leaves.count { k *= 2 }
        return Array(SHA256.hash(data: [0x01] + root(leaves.prefix(k)) + root(leaves.dropFirst(k))))
    }

    static func root(_ leaves: [String]) -> [UInt8] { root(leaves.map { Array($0.utf8) }[...]) }

    /// The roots of every 256 leaves that are whole, in order.
    static func blocks(_ leaves: [String]) -> [[UInt8]] {
        stride(from: 0, to: leaves.count / 256 * 256, by: 256).map { root(Array(leaves[$0..<$0 + 256])) }
    }
}

@Suite struct NaiveTreeTests {
    /// Source: google/certificate-transparency, `merkletree/merkle_tree_test.cc`, the reference inputs and roots.
    @Test(
        "The tree that the log is measured by has the published roots",
        arguments: [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ])
    func publishedRoots(size: Int, root: String) {
        let leaves: [[UInt8]] = [
            [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43],
            [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            [
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F,
            ],
        ]
        #expect(NaiveTree.root(leaves.prefix(size)).hex == root)
    }
}

extension [UInt8] {
    var hex: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
