/// Why something that claims to speak for a log is not believed; named for what the reader must do.
public enum TransparencyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It is not in the form that its specification gives it: get it again, whole and unchanged.
    case malformed(String)
    /// No signature is by a key that is known: give the verifier key of one of the names.
    case unknownSigners([String])
    /// A signature that names a known key is not by it: do not believe any of it.
    case forged(signer: String)
    /// The note is signed, and what was to be shown does not follow from it: do not believe it.
    case unproven(String)

    public var description: String {
        switch self {
        case .malformed(let reason): reason
        case .unknownSigners(let names):
            "it is signed by none of the keys that are known, but by \(names.joined(separator: ", "))"
        case .forged(let signer): "the signature of \(signer) is not by its key"
        case .unproven(let reason): reason
        }
    }
}
