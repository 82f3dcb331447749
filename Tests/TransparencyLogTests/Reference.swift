import Crypto
import TransparencyLog

/// The tree as RFC 6962, section 2.1, defines it: recursively, over the leaves themselves.
///
/// The root of each range of leaves is computed once; else nothing here is done to be fast.
final class Reference {
    let leaves: [[UInt8]]
    private var roots: [Range<Int>: [UInt8]] = [:]

    init(_ leaves: [[UInt8]]) { self.leaves = leaves }

    /// Leaves that differ, of lengths that differ, the empty one among them.
    convenience init(count: Int, seed: UInt64 = 0) {
        var random = SplitMix(seed: seed)
        self.init(
            (0..<count).map { index in
                let noise = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                return index == count / 2 ? [] : Array("leaf \(index) ".utf8) + noise
            })
    }

    /// MTH(D[size]).
    func root(_ size: Int) -> MerkleHash { MerkleHash(root(0..<size))! }

    /// MTH of some of the leaves.
    func root(_ range: Range<Int>) -> [UInt8] {
        if let known = roots[range] { return known }
        let root =
            switch range.count {
            case 0: Self.hash([])
            case 1: Self.hash([0x00] + leaves[range.lowerBound])
            default: Self.hash([0x01] + root(left(range)) + root(right(range)))
            }
        roots[range] = root
        return root
    }

    /// PATH(index, D[size]).
    func path(_ index: Int, in size: Int) -> [MerkleHash] { path(index, 0..<size).map { MerkleHash($0)! } }

    private func path(_ index: Int, _ range: Range<Int>) -> [[UInt8]] {
        if range.count == 1 { return [] }
        let half = left(range).count
        return index < half
            ? path(index, left(range)) + [root(right(range))]
            : path(index - half, right(range)) + [root(left(range))]
    }

    /// PROOF(older, D[newer]).
    func proof(from older: Int, to newer: Int) -> [MerkleHash] {
        subproof(older, 0..<newer, isWhole: true).map { MerkleHash($0)! }
    }

    private func subproof(_ older: Int, _ range: Range<Int>, isWhole: Bool) -> [[UInt8]] {
        if older == range.count { return isWhole ? [] : [root(range)] }
        let half = left(range).count
        return older <= half
            ? subproof(older, left(range), isWhole: isWhole) + [root(right(range))]
            : subproof(older - half, right(range), isWhole: false) + [root(left(range))]
    }

    /// The leaves before and after the largest power of two that is smaller than their number.
    private func left(_ range: Range<Int>) -> Range<Int> {
        var half = 1
        while half * 2 < range.count { half *= 2 }
        return range.lowerBound..<range.lowerBound + half
    }
    private func right(_ range: Range<Int>) -> Range<Int> { left(range).upperBound..<range.upperBound }

    /// SHA-256(0x00 ‖ leaf).
    func leaf(_ index: UInt64) -> MerkleHash { MerkleHash(root(Int(index)..<Int(index) + 1))! }

    static func hash(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}

/// Bytes written as hexadecimal digits.
func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func hash(_ hexadecimal: String) -> MerkleHash { MerkleHash(bytes(hexadecimal))! }

/// Random numbers that a seed repeats. Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators".
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
