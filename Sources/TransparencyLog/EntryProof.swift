/// Proof that one entry is in a log, which needs nothing but itself, the entry and the log's verifier key.
///
/// Written as a `.tlog-proof` file.
///
/// - Source: C2SP tlog-proof.
public struct EntryProof: Sendable, Hashable, CustomStringConvertible {
    /// What its maker adds; nothing vouches for it.
    public var extra: [UInt8]?
    /// Which leaf the entry is, from 0.
    public let index: UInt64
    /// From the leaf's sibling upwards.
    public let path: [MerkleHash]
    /// The checkpoint of the tree that the path leads to.
    public let note: SignedNote

    private static let head = "c2sp.org/tlog-proof@v1"
    /// Source: a tree of 2^63 leaves.
    private static let pathLimit = 63

    public init(index: UInt64, path: [MerkleHash], note: SignedNote) {
        self.index = index
        self.path = path
        self.note = note
    }

    /// Reads a file.
    ///
    /// - Throws: `.malformed`.
    public init(_ bytes: some Collection<UInt8>) throws(TransparencyError) {
        guard bytes.count <= 2 * SignedNote.byteLimit, let whole = String(validating: bytes, as: UTF8.self) else {
            throw .malformed("the proof is too long, or not UTF-8")
        }
        var lines = whole.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst().map(String.init) == Self.head else {
            throw .malformed("the proof does not begin with \(Self.head)")
        }
        if let line = lines.first.map(String.init), line.hasPrefix("extra ") {
            lines.removeFirst()
            guard let extra = Base64.bytes(line.dropFirst(6)) else { throw .malformed("its extra data is not base64") }
            self.extra = extra
        }
        guard let line = lines.popFirst().map(String.init), line.hasPrefix("index "),
            let index = UInt64(decimal: line.dropFirst(6))
        else { throw .malformed("the proof names no index") }
        self.index = index
        var path: [MerkleHash] = []
        while let line = lines.popFirst(), !line.isEmpty {
            guard path.count < Self.pathLimit, let hash = MerkleHash(base64: String(line)) else {
                throw .malformed("a line of the proof's path is not 32 bytes in base64, or they are too many")
            }
            path.append(hash)
        }
        self.path = path
        note = try SignedNote(lines.map(String.init).joined(separator: "\n"))
    }

    public var description: String {
        let extra = self.extra.map { "extra \(Base64.text($0))\n" } ?? ""
        return "\(Self.head)\n\(extra)index \(index)\n" + path.map { $0.base64 + "\n" }.joined() + "\n\(note)"
    }

    /// The checkpoint that vouches for the entry.
    ///
    /// - Parameters:
    ///   - entry: The exact bytes of the leaf.
    ///   - keys: Of whom to believe; the log's own must have signed.
    /// - Throws: As `Checkpoint.verified`; `.unproven` where the entry is not the one at the index.
    public func verified(_ entry: [UInt8], by keys: [VerifierKey]) throws(TransparencyError) -> Checkpoint {
        let checkpoint = try Checkpoint.verified(note, by: keys)
        guard index < checkpoint.size else {
            throw .unproven("the checkpoint has \(checkpoint.size) entries, and none of index \(index)")
        }
        guard
            Proof.verifyInclusion(
                of: Merkle.leaf(entry), at: index, in: checkpoint.size, root: checkpoint.root, path: path)
        else { throw .unproven("the entry is not the one at index \(index) of the log: one of them was changed") }
        return checkpoint
    }
}
