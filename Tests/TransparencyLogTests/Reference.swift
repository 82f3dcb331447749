import Crypto
import TransparencyLog

/// The tree as RFC 6962, section 2.1, defines it: recursively, over the leaves themselves.
enum Reference {
    static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        if leaves.isEmpty { return hash([]) }
        if leaves.count == 1 { return hash([0x00] + leaves[leaves.startIndex]) }
        let middle = leaves.startIndex + split(leaves.count)
        return hash([0x01] + root(leaves[..<middle]) + root(leaves[middle...]))
    }

    /// PATH(m, D[n]).
    static func path(_ index: Int, _ leaves: ArraySlice<[UInt8]>) -> [[UInt8]] {
        if leaves.count == 1 { return [] }
        let half = split(leaves.count)
        let middle = leaves.startIndex + half
        return index < half
            ? path(index, leaves[..<middle]) + [root(leaves[middle...])]
            : path(index - half, leaves[middle...]) + [root(leaves[..<middle])]
    }

    /// SUBPROOF(m, D[n], b).
    static func subproof(_ older: Int, _ leaves: ArraySlice<[UInt8]>, _ isWhole: Bool) -> [[UInt8]] {
        if older == leaves.count { return isWhole ? [] : [root(leaves)] }
        let half = split(leaves.count)
        let middle = leaves.startIndex + half
        return older <= half
            ? subproof(older, leaves[..<middle], isWhole) + [root(leaves[middle...])]
            : subproof(older - half, leaves[middle...], false) + [root(leaves[..<middle])]
    }

    private static func split(_ count: Int) -> Int {
        var half = 1
        while half * 2 < count { half *= 2 }
        return half
    }

    private static func hash(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// Leaves that differ, of lengths that differ.
    static func leaves(_ count: Int) -> [[UInt8]] {
        (0..<count).map { index in Array("leaf \(index)".utf8) + [UInt8](repeating: UInt8(index % 251), count: index % 7) }
    }
}

/// Bytes written as hexadecimal digits.
func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func hash(_ hexadecimal: String) -> MerkleHash { MerkleHash(bytes(hexadecimal))! }
