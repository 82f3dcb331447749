/// What a log says of itself: how many leaves its tree has, and its root.
///
/// - Source: C2SP tlog-checkpoint.
public struct Checkpoint: Sendable, Hashable {
    /// Which log it is of: a URL without its scheme, by convention. Not empty, one line.
    public let origin: String
    public let size: UInt64
    public let root: MerkleHash
    /// What the log adds; each not empty, one line.
    public let extensions: [String]

    /// - Throws: `.malformed` for an origin that is none.
    public init(origin: String, size: UInt64, root: MerkleHash) throws(TransparencyError) {
        try self.init(text: "\(origin)\n\(size)\n\(root.base64)\n")
        guard extensions.isEmpty else { throw .malformed("an origin is one line") }
    }

    /// Reads the text of a note.
    ///
    /// - Throws: `.malformed`.
    public init(text: String) throws(TransparencyError) {
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.popLast() == "", lines.count >= 3, lines.allSatisfy({ !$0.isEmpty }) else {
            throw .malformed("a checkpoint is an origin, a size and a root, each a line that is not empty")
        }
        guard let size = UInt64(decimal: lines[1]) else { throw .malformed("the size of the checkpoint is no number") }
        guard let root = MerkleHash(base64: lines[2]) else {
            throw .malformed("the root of the checkpoint is not 32 bytes in base64")
        }
        origin = lines[0]
        self.size = size
        self.root = root
        extensions = Array(lines[3...])
    }

    /// What is signed.
    public var text: String { ([origin, "\(size)", root.base64] + extensions).map { $0 + "\n" }.joined() }

    /// The note that `keys` make of it.
    ///
    /// - Throws: `.malformed` for no key, or too many.
    public func signed(by keys: [SigningKey]) throws(TransparencyError) -> SignedNote {
        var signatures: [NoteSignature] = []
        for key in keys { signatures.append(try key.sign(text)) }
        return try SignedNote(text: text, signatures: signatures)
    }

    /// The checkpoint of a note that one of `keys` signed.
    ///
    /// - Throws: `.malformed`; `.forged` and `.unknownSigners` as `SignedNote.verified`; `.unproven` where the log signed
    ///   by another name than its origin.
    public static func verified(_ note: SignedNote, by keys: [VerifierKey]) throws(TransparencyError) -> Checkpoint {
        let checkpoint = try Checkpoint(text: note.text)
        let good = try note.verified(by: keys)
        guard good.contains(where: { $0.name == checkpoint.origin }) else {
            throw .unproven("the checkpoint is of \(checkpoint.origin), which is none of its known signers")
        }
        return checkpoint
    }
}
