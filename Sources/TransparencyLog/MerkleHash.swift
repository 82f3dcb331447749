/// SHA-256 of a leaf or a node of a tree: 32 bytes.
public struct MerkleHash: Sendable, Hashable {
    public let bytes: [UInt8]
    /// Nil where `bytes` are not 32.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }
    init(unchecked bytes: [UInt8]) { self.bytes = bytes }
}
