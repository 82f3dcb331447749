import Crypto

/// A signer's secret. It is shown by nothing but `secret`.
///
/// - Source: C2SP signed-note; the text of the secret is that of Go's `golang.org/x/mod/sumdb/note`.
public struct SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
    public let name: String
    public let type: SignatureType
    private let key: Curve25519.Signing.PrivateKey

    private init(name: String, type: SignatureType, key: Curve25519.Signing.PrivateKey) {
        self.name = name
        self.type = type
        self.key = key
    }

    /// A new key, of random bytes that nobody else has.
    ///
    /// - Throws: `.malformed` for a name that is empty or holds blanks or `+`.
    public init(generating name: String, type: SignatureType = .ed25519) throws(TransparencyError) {
        guard KeyName.isSound(name) else {
            throw .malformed("the name of a key holds no blanks, no '+', and something")
        }
        self.init(name: name, type: type, key: Curve25519.Signing.PrivateKey())
    }

    /// Reads what `secret` wrote; one line feed after it is taken for the file's.
    ///
    /// - Throws: `.malformed`, which never says what was read.
    public init(secret: String) throws(TransparencyError) {
        let text = secret.hasSuffix("\n") ? secret.dropLast() : secret[...]
        let parts = text.split(separator: "+", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0] == "PRIVATE", parts[1] == "KEY", KeyName.isSound(parts[2]),
            let bytes = Base64.bytes(parts[4]), bytes.count == 33, let type = SignatureType(rawValue: bytes[0]),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes[1...])
        else { throw .malformed("this is no signing key as 'PRIVATE+KEY+name+id+key' writes it") }
        self.init(name: String(parts[2]), type: type, key: key)
        guard VerifierKey.digits(of: verifierKey.id) == parts[3] else {
            throw .malformed("the signing key's id is not that of its name and key: something of it was changed")
        }
    }

    /// The key itself, to be kept where nobody else reads it: `PRIVATE+KEY+name+id+key`.
    public var secret: String {
        let id = VerifierKey.digits(of: verifierKey.id)
        return "PRIVATE+KEY+\(name)+\(id)+\(Base64.text([type.rawValue] + Array(key.rawRepresentation)))"
    }

    public var description: String { "SigningKey(\(verifierKey))" }
    public var customMirror: Mirror { Mirror(self, children: ["verifierKey": verifierKey.description]) }

    /// What others know the key by.
    public var verifierKey: VerifierKey {
        VerifierKey(name: name, type: type, publicKey: Array(key.publicKey.rawRepresentation))
    }

    /// The same key by another name, which gives it another id.
    public func named(_ name: String) -> SigningKey { SigningKey(name: name, type: type, key: key) }

    /// A signature over the text of a note.
    ///
    /// - Parameter time: Of a cosignature, in seconds since 1970; of others it says nothing.
    /// - Throws: `.malformed` where the system's cryptography gives none.
    public func sign(_ text: String, time: UInt64 = 0) throws(TransparencyError) -> NoteSignature {
        let message = type == .cosignature ? Cosignature.message(text, time: time) : Array(text.utf8)
        guard let signature = try? key.signature(for: message) else {
            throw .malformed("the note cannot be signed")
        }
        let bytes =
            type == .cosignature
            ? Cosignature(time: time, signature: Array(signature)).bytes : Array(signature)
        return NoteSignature(name: name, keyID: verifierKey.id, bytes: bytes)
    }
}
