/// A text and who signed it.
///
/// - Source: C2SP signed-note.
public struct SignedNote: Sendable, Hashable {
    /// What is signed; ends in a line feed.
    public let text: String
    /// 1...64, in their order.
    public private(set) var signatures: [NoteSignature]

    /// Signatures of a note at most. Source: C2SP signed-note, which asks for at least 16; witnesses are more than that.
    public static let signatureLimit = 64
    /// Bytes of a note at most: the most signatures at 5 kB each, as the specification expects, and a text of the size of
    /// an entry.
    public static let byteLimit = 512 << 10

    /// The first line of the text: whose note it is, where it is a checkpoint.
    public var origin: String { String(text.prefix { $0 != "\n" }) }

    /// - Throws: `.malformed` for a text that no note may have, or for none or too many signatures.
    public init(text: String, signatures: [NoteSignature]) throws(TransparencyError) {
        self.text = text
        self.signatures = signatures
        try check()
    }

    /// Reads a note.
    ///
    /// - Throws: `.malformed`.
    public init(_ bytes: some Collection<UInt8>) throws(TransparencyError) {
        guard bytes.count <= Self.byteLimit else {
            throw .malformed("the note is longer than \(Self.byteLimit) bytes")
        }
        guard let whole = String(validating: bytes, as: UTF8.self) else { throw .malformed("the note is not UTF-8") }
        try self.init(whole)
    }

    /// Reads a note.
    ///
    /// - Throws: `.malformed`.
    public init(_ whole: String) throws(TransparencyError) {
        var lines = whole.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.popLast() == "" else { throw .malformed("the note does not end in a line feed") }
        guard let empty = lines.lastIndex(of: ""), empty > 0 else {
            throw .malformed("the note has no empty line between its text and its signatures")
        }
        text = lines[..<empty].map { $0 + "\n" }.joined()
        signatures = []
        for line in lines[(empty + 1)...] { signatures.append(try NoteSignature(line: line)) }
        try check()
    }

    private func check() throws(TransparencyError) {
        guard text.utf8.last == 0x0A else { throw .malformed("the text of the note does not end in a line feed") }
        guard text.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x0A }) else {
            throw .malformed("the text of the note holds a control character")
        }
        guard !signatures.isEmpty else { throw .malformed("the note has no signature") }
        guard signatures.count <= Self.signatureLimit else {
            throw .malformed("the note has more than \(Self.signatureLimit) signatures")
        }
    }

    /// The note as it is passed on.
    public var description: String { text + "\n" + signatures.map(\.line).joined() }

    /// The signatures by keys that are known, all of which are good.
    ///
    /// Others are passed over: who signs besides is not the reader's concern.
    ///
    /// - Throws: `.forged` where a known key's is not its own, `.unknownSigners` where there is none by a known key.
    public func verified(by keys: [VerifierKey]) throws(TransparencyError) -> [NoteSignature] {
        var good: [NoteSignature] = []
        for signature in signatures {
            let known = keys.filter { $0.name == signature.name && $0.id == signature.keyID }
            guard !known.isEmpty else { continue }
            guard known.contains(where: { $0.verifies(signature.bytes, over: text) }) else {
                throw .forged(signer: signature.name)
            }
            good.append(signature)
        }
        guard !good.isEmpty else { throw .unknownSigners(signatures.map(\.name)) }
        return good
    }

    /// The note with more signatures after its own; those that it has already are left out.
    ///
    /// - Throws: `.malformed` where they would be too many.
    public func adding(_ more: [NoteSignature]) throws(TransparencyError) -> SignedNote {
        var all = signatures
        for signature in more where !all.contains(signature) { all.append(signature) }
        return try SignedNote(text: text, signatures: all)
    }
}

extension SignedNote: CustomStringConvertible {}

/// One signature line of a note.
public struct NoteSignature: Sendable, Hashable {
    /// Of the key; neither empty nor with blanks or `+`.
    public let name: String
    /// Which of the keys of that name it is, not which key it must be: four bytes are soon found.
    public let keyID: UInt32
    /// What the key's algorithm makes; at least a byte.
    public let bytes: [UInt8]

    init(name: String, keyID: UInt32, bytes: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.bytes = bytes
    }

    /// Reads a line without its line feed: `— name base64`.
    ///
    /// - Throws: `.malformed`.
    public init(line: String) throws(TransparencyError) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "—", KeyName.isSound(parts[1]) else {
            throw .malformed("a signature line is not '— name base64'")
        }
        guard let signed = Base64.bytes(parts[2]), signed.count > 4 else {
            throw .malformed("a signature line does not end in the base64 of a key id and a signature")
        }
        name = String(parts[1])
        keyID = signed[..<4].reduce(0) { $0 << 8 | UInt32($1) }
        bytes = Array(signed[4...])
    }

    /// With its line feed.
    public var line: String {
        let id = (0..<4).map { UInt8(truncatingIfNeeded: keyID >> (24 - 8 * $0)) }
        return "— \(name) \(Base64.text(id + bytes))\n"
    }
}

/// Source: C2SP signed-note, "Format".
enum KeyName {
    static func isSound(_ name: some StringProtocol) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy { $0 != "+" && $0.value >= 0x20 && !$0.properties.isWhitespace }
    }
}
