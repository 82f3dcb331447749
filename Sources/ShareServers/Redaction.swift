import Crypto

/// Puts `{"redacted": "hmac-sha256:<hex>"}` in place of secrets.
///
/// The digest is made with a key of the installation: who has the log alone learns nothing of a secret, yet equal
/// secrets can still be matched. Redacting twice is the same as redacting once.
public struct Redaction: Sendable {
    private let key: SymmetricKey

    /// - Parameter key: Kept for the life of the installation, or equal secrets no longer match. 32 random bytes.
    public init(key: [UInt8]) { self.key = SymmetricKey(data: key) }

    /// `value` without its secrets: whatever stands under a key that names one, at any depth, in arrays and in strings
    /// that hold JSON themselves.
    public func redact(_ value: JSON) -> JSON {
        var found = false
        return redact(value, found: &found)
    }

    /// Whether what stands under a name is taken for a secret.
    public static func isSecret(_ name: String) -> Bool { SecretName.isContained(inKey: name) }

    /// What takes the place of `value`: HMAC-SHA-256 over its canonical JSON.
    public func seal(_ value: JSON) -> JSON { ["redacted": .string(digest(value))] }

    /// The same, setting `found` where anything was replaced or had been replaced before.
    func redact(_ value: JSON, found: inout Bool) -> JSON {
        switch value {
        case .null, .bool, .number: return value
        case .string(let text): return redact(text, found: &found)
        case .array(let elements): return .array(elements.map { redact($0, found: &found) })
        case .object(let members):
            var redacted = members
            for (key, member) in members {
                if SecretName.isContained(inKey: key) {
                    found = true
                    if !Self.isSealed(member) { redacted[key] = seal(member) }
                } else {
                    redacted[key] = redact(member, found: &found)
                }
            }
            return .object(redacted)
        }
    }

    /// Manila keeps structured back-end details as JSON text, and drivers as Python's: what cannot be read but names a
    /// secret goes as a whole.
    private func redact(_ text: String, found: inout Bool) -> JSON {
        guard let first = text.utf8.first(where: { $0 > 0x20 }), first == 0x7B || first == 0x5B,
            SecretName.firstIndex(in: text.utf8) != nil
        else { return .string(text) }
        guard let inner = try? JSON(parsing: text) else {
            found = true
            return seal(.string(text))
        }
        var foundInside = false
        let redacted = redact(inner, found: &foundInside)
        found = found || foundInside
        return .string(redacted == inner ? text : String(decoding: redacted.canonical(), as: UTF8.self))
    }

    private static func isSealed(_ value: JSON) -> Bool {
        guard case .object(let members) = value, members.count == 1, case .string(let text)? = members["redacted"]
        else { return false }
        return isDigest(text)
    }

    private func digest(_ value: JSON) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: value.canonical(), using: key)
        return Self.prefix + code.hexadecimal
    }

    private static let prefix = "hmac-sha256:"

    private static func isDigest(_ text: some StringProtocol) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == prefix.utf8.count + 64
            && text.utf8.dropFirst(prefix.utf8.count).allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            }
    }
}

extension Redaction {
    /// A request's target with the values of those query parameters replaced that are named like a secret, or whose
    /// value itself names one. The digest is that of the decoded value as a JSON string, so that it matches the same
    /// secret in a body. All else stays as it was sent.
    public func redact(target: String) -> String {
        guard let mark = target.utf8.firstIndex(where: { $0 == 0x3F || $0 == 0x23 }) else { return target }
        let query = target.utf8[target.utf8.index(after: mark)...]
        var redacted = String(target[...mark])
        var start = query.startIndex
        while true {
            let end = query[start...].firstIndex { Self.isSeparator($0) } ?? query.endIndex
            redacted += redact(parameter: query[start..<end])
            guard end < query.endIndex else { return redacted }
            start = query.index(after: end)
            redacted += String(target[end..<start])
        }
    }

    /// `&`, and `;` and `#` as well, which some servers take for separators.
    private static func isSeparator(_ byte: UInt8) -> Bool { byte == 0x26 || byte == 0x3B || byte == 0x23 }

    private func redact(parameter: Substring.UTF8View) -> String {
        let whole = String(Substring(parameter))
        guard let equals = parameter.firstIndex(of: 0x3D) else { return whole }
        let name = Percent.decode(parameter[..<equals], plusIsSpace: true)
        let value = Percent.decode(parameter[parameter.index(after: equals)...], plusIsSpace: true)
        let namesSecret =
            SecretName.isContained(inKey: name)
            || (SecretName.firstIndex(in: value.utf8) != nil && value.utf8.contains { $0 == 0x3A || $0 == 0x3D })
        guard namesSecret, !Self.isDigest(value) else { return whole }
        return String(Substring(parameter[...equals])) + digest(.string(value))
    }

    /// The start of a body that is no JSON, up to the first word that names a secret: behind it none can be told from
    /// the rest. Cut as well where an escape or a NUL (UTF-16, which Python's JSON reads) could hide such a word.
    func head(of bytes: [UInt8]) -> (text: String, isCut: Bool) {
        var end = SecretName.firstIndex(in: bytes) ?? bytes.endIndex
        if bytes.contains(0) { end = bytes.startIndex }
        if let escape = bytes.indices.dropLast().first(where: { bytes[$0] == 0x5C && bytes[$0 + 1] == 0x75 }) {
            end = min(end, escape)
        }
        return (String(decoding: bytes[..<end], as: UTF8.self), end < bytes.endIndex)
    }
}

extension Redaction: CustomStringConvertible, CustomReflectable {
    /// Never the key.
    public var description: String { "Redaction" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
