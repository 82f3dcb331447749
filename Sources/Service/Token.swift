import Crypto
import FoundationEssentials
import ShareServers

/// A bearer token, as its holder has it: who it is, and the secret that shows it.
///
/// `dossier_<id>_<secret><check>` in lower-case hexadecimal: 16 digits that may be told, 64 of a random secret, and 8 by
/// which a typing error is found, and a token in a file or a log is known for one without asking. Only the hash of the
/// secret is kept.
public struct Token: Sendable {
    /// Public: by it a token is looked up, listed and revoked.
    public let id: String
    private let secret: [UInt8]

    /// What every token begins with.
    public static let prefix = "dossier_"
    private static let idBytes = 8
    private static let secretBytes = 32
    private static let checkBytes = 4

    /// A new one, of the system's random numbers.
    public init() {
        id = Self.random(Self.idBytes).hexadecimal
        secret = Self.random(Self.secretBytes)
    }

    /// Reads what a request brings; nil where it is no token: another form, or another check.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = Self.bytes(parts[0]), id.count == Self.idBytes,
            let rest = Self.bytes(parts[1]), rest.count == Self.secretBytes + Self.checkBytes
        else { return nil }
        self.id = String(parts[0])
        secret = Array(rest.prefix(Self.secretBytes))
        guard self.text == text else { return nil }
    }

    /// As its holder sends it; a secret.
    public var text: String {
        let told = Self.prefix + id + "_" + secret.hexadecimal
        return told + SHA256.hash(data: Array(told.utf8)).prefix(Self.checkBytes).hexadecimal
    }

    /// What is kept of the secret: SHA-256.
    public var secretHash: [UInt8] { Array(SHA256.hash(data: secret)) }

    /// Whether the secret is the one of which this is kept; takes as long wherever they differ.
    func isProven(by hash: [UInt8]) -> Bool { SHA256.hash(data: secret) == hash }

    /// A text without the secrets of tokens in it, for what is logged or kept.
    static func hidden(in text: String) -> String {
        guard text.contains(prefix) else { return text }
        return text.replacing(#/dossier_([0-9a-f]{1,16})_[0-9a-f]+/#) { "dossier_\($0.1)_…" }
    }

    private static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// Nil where there is anything but pairs of lower-case digits.
    private static func bytes(_ text: Substring) -> [UInt8]? {
        func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x61...0x66: byte - 0x61 + 10
            default: nil
            }
        }
        let digits = text.utf8.map(digit)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}

extension Token: CustomStringConvertible, CustomReflectable {
    /// Never the secret.
    public var description: String { Self.prefix + id }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
