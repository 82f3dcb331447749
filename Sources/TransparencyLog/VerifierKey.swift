import Crypto

/// What signatures a key makes.
///
/// - Source: C2SP signed-note, "Signature types".
public enum SignatureType: UInt8, Sendable, Hashable {
    /// Ed25519 over the text of a note.
    case ed25519 = 0x01
    /// A witness's: Ed25519 over the time and a checkpoint. Source: C2SP tlog-cosignature.
    case cosignature = 0x04
}

/// What tells a signer's signatures from all others. Not secret.
///
/// As text `name+id+key`: the id in eight hexadecimal digits, the key in base64 after a byte for its type.
///
/// - Source: C2SP signed-note; the text is that of Go's `golang.org/x/mod/sumdb/note`.
public struct VerifierKey: Sendable, Hashable, CustomStringConvertible {
    /// By convention a URL without its scheme; a log's is its origin.
    public let name: String
    public let type: SignatureType
    private let publicKey: [UInt8]

    init(name: String, type: SignatureType, publicKey: [UInt8]) {
        self.name = name
        self.type = type
        self.publicKey = publicKey
    }

    /// Reads `name+id+key`.
    ///
    /// - Throws: `.malformed`; also where the id is not that of the name and the key.
    public init(_ text: String) throws(TransparencyError) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, KeyName.isSound(parts[0]), let bytes = Base64.bytes(parts[2]), let first = bytes.first
        else { throw .malformed("a verifier key is written name+id+key, such as example.org/log+1a2b3c4d+AQ…") }
        guard let type = SignatureType(rawValue: first) else {
            throw .malformed("a verifier key is of the unknown type \(first)")
        }
        guard bytes.count == 33, (try? Curve25519.Signing.PublicKey(rawRepresentation: bytes[1...])) != nil else {
            throw .malformed("a verifier key holds no key of Ed25519")
        }
        self.init(name: String(parts[0]), type: type, publicKey: Array(bytes[1...]))
        guard Self.digits(of: id) == parts[1] else {
            throw .malformed("a verifier key's id is not that of its name and key: something of it was changed")
        }
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key).
    public var id: UInt32 {
        SHA256.hash(data: Array(name.utf8) + [0x0A, type.rawValue] + publicKey).prefix(4).reduce(0) {
            $0 << 8 | UInt32($1)
        }
    }

    public var description: String { "\(name)+\(Self.digits(of: id))+\(Base64.text([type.rawValue] + publicKey))" }

    static func digits(of id: UInt32) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }

    /// The same key by another name, which gives it another id.
    public func named(_ name: String) -> VerifierKey { VerifierKey(name: name, type: type, publicKey: publicKey) }

    /// Whether a signature is this key's over the text of a note.
    public func verifies(_ signature: [UInt8], over text: String) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        switch type {
        case .ed25519:
            return key.isValidSignature(signature, for: Array(text.utf8))
        case .cosignature:
            guard let cosignature = Cosignature(signature) else { return false }
            return key.isValidSignature(
                cosignature.signature, for: Cosignature.message(text, time: cosignature.time))
        }
    }
}
