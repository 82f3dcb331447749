import Crypto

/// The hashes that make a tree of RFC 6962.
///
/// Source: RFC 6962, section 2.1; RFC 9162 keeps the same.
public enum Merkle {
    /// The root of the tree that has no leaves.
    public static let empty = MerkleHash(unchecked: Array(SHA256.hash(data: [UInt8]())))

    /// The hash of a leaf: SHA-256(0x00 ‖ bytes).
    public static func leaf(_ bytes: [UInt8]) -> MerkleHash {
        bytes.withUnsafeBytes { leaf($0) }
    }

    public static func leaf(_ bytes: UnsafeRawBufferPointer) -> MerkleHash {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(0x00)) { hash.update(bufferPointer: $0) }
        hash.update(bufferPointer: bytes)
        return MerkleHash(unchecked: Array(hash.finalize()))
    }

    /// The hash of a node: SHA-256(0x01 ‖ left ‖ right).
    public static func node(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(0x01)) { hash.update(bufferPointer: $0) }
        left.bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        right.bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return MerkleHash(unchecked: Array(hash.finalize()))
    }
}
