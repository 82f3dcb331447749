import Crypto

/// Puts `{"redacted": "hmac-sha256:<hex>"}` in place of secrets.
///
/// The digest is made with a key of the installation: who has the log alone learns nothing of a secret, yet equal
/// secrets can still be matched. Redacting twice is the same as redacting once.
public struct Redaction: Sendable {
    private let key: SymmetricKey

    /// - Parameter key: Kept for the life of the installation, or equal secrets no longer match. 32 random bytes.
    public init(key: [UInt8]) { self.key = SymmetricKey(data: key) }

    /// Under a random key of its own, which is gone with it: for what is remembered and never kept.
    public init() { key = SymmetricKey(size: .bits256) }

    /// `value` without its secrets: whatever stands under a key that names one, at any depth, in arrays, and in strings
    /// that hold JSON themselves, `name=value`, URLs with a user, or what looks like a token (`SecretText`). What a
    /// member called `name` names a secret is its `value`.
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
        case .array(let elements):
            return .array(
                elements.map {
                    redact(Self.pair($0).map { name, value in [name, seal(again: value)] } ?? $0, found: &found)
                })
        case .object(let members):
            var redacted = members
            let isNamed = Self.namingMembers.contains { members[$0]?.string.map(Self.isSecret) ?? false }
            for (key, member) in members {
                if SecretName.isContained(inKey: key) || isNamed && Self.valueMembers.contains(key.lowercased()) {
                    found = true
                    if !Self.isSealed(member) { redacted[key] = seal(member) }
                } else {
                    redacted[key] = redact(member, found: &found)
                }
            }
            return .object(redacted)
        }
    }

    /// How lists of headers and of metadata are written as objects, such as in HAR: `{"name": …, "value": …}`.
    private static let namingMembers = ["name", "key", "header", "field"]
    private static let valueMembers: Set<String> = ["value", "values", "val", "content"]

    /// An element of a list of headers: a name of a secret, and the secret.
    private static func pair(_ value: JSON) -> (name: JSON, value: JSON)? {
        guard case .array(let elements) = value, elements.count == 2, case .string(let name) = elements[0],
            isSecret(name)
        else { return nil }
        return (elements[0], elements[1])
    }

    private func seal(again value: JSON) -> JSON { Self.isSealed(value) ? value : seal(value) }

    /// Manila keeps structured back-end details as JSON text, and drivers as Python's: what begins like it, cannot be read
    /// and names a secret goes as a whole.
    private func redact(_ text: String, found: inout Bool) -> JSON {
        guard SecretName.mayBeContained(in: Array(text.utf8)) else { return .string(text) }
        let first = text.utf8.first { $0 > 0x20 }
        let isStructured = first == 0x7B || first == 0x5B
        if isStructured || first == 0x22, let inner = try? JSON(parsing: text) {
            var foundInside = false
            let redacted = redact(inner, found: &foundInside)
            found = found || foundInside
            return .string(redacted == inner ? text : String(decoding: redacted.canonical(), as: UTF8.self))
        }
        let secrets = SecretText(text)
        found = found || secrets.isAny
        if isStructured, !secrets.values.isEmpty || secrets.hasLoose {
            found = true
            return seal(.string(text))
        }
        return .string(secrets.replaced(with: { digest(.string($0)) }))
    }

    /// The same of a text that stays one: the attribute of an event, or a body that is no JSON.
    func redact(text: String) -> String {
        var found = false
        let redacted = redact(text, found: &found)
        return redacted.string ?? redacted["redacted"]?.string ?? ""
    }

    /// The same of bytes that may be a text.
    func redact(bytes: [UInt8]) -> [UInt8] {
        if let text = String(validating: bytes, as: UTF8.self) { return Array(redact(text: text).utf8) }
        guard SecretName.firstIndex(in: bytes) != nil else { return bytes }
        return Array(digest(.string(bytes.hexadecimal)).utf8)
    }

    /// A path for the log of the process, which has no key: what would be sealed is `redacted` in it.
    public static func masked(path: String) -> String { replaced(path: path[...]) { _ in "redacted" } }

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

    static func isDigest(_ text: some StringProtocol) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == prefix.utf8.count + 64
            && text.utf8.dropFirst(prefix.utf8.count).allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            }
    }
}

extension Redaction {
    /// A request's target with the values of those query parameters replaced that are named like a secret, or whose
    /// value itself names one; and those segments of the path that name one with its value, or come behind one that
    /// names it. The digest is that of the decoded value as a JSON string, so that it matches the same secret in a body.
    /// All else stays as it was sent.
    public func redact(target: String) -> String {
        guard SecretName.mayBeContained(in: Array(target.utf8)) else { return target }
        guard let mark = target.utf8.firstIndex(where: { $0 == 0x3F || $0 == 0x23 }) else {
            return redact(path: target[...])
        }
        let query = target.utf8[target.utf8.index(after: mark)...]
        var redacted = redact(path: target[..<mark]) + String(target[mark])
        var start = query.startIndex
        while true {
            let end = query[start...].firstIndex { Self.isSeparator($0) } ?? query.endIndex
            redacted += redact(parameter: query[start..<end])
            guard end < query.endIndex else { return redacted }
            start = query.index(after: end)
            redacted += String(target[end..<start])
        }
    }

    private func redact(path: Substring) -> String {
        Self.replaced(path: path) { digest(.string($0)) }
    }

    private static func replaced(path: Substring, with replacement: (String) -> String) -> String {
        var isNamed = false
        let segments = path.utf8.split(separator: 0x2F, omittingEmptySubsequences: false).map { segment in
            let name = Percent.decode(segment)
            let isKept = name.isEmpty || name == "share-servers" || isDigest(name)
            let namesSecret = isSecret(name)
            let hasValue = !SecretText(name).values.isEmpty
            defer { if !name.isEmpty { isNamed = namesSecret && !hasValue } }
            guard !isKept, hasValue || isNamed && !namesSecret else { return String(Substring(segment)) }
            return replacement(name)
        }
        return segments.joined(separator: "/")
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
            || !SecretText(value).values.isEmpty
        guard namesSecret, !Self.isDigest(value) else { return whole }
        return String(Substring(parameter[...equals])) + digest(.string(value))
    }

    /// The start of a body that is no JSON, up to the first word that names a secret: behind it none can be told from
    /// the rest. Cut as well where an escape, or a NUL (UTF-16, which Python's JSON reads), could hide such a word.
    func head(of bytes: [UInt8]) -> (text: String, isCut: Bool) {
        var end = SecretName.firstIndex(in: bytes) ?? bytes.endIndex
        if bytes.contains(0) { end = bytes.startIndex }
        if let escape = bytes.indices.dropLast().first(where: { bytes[$0] == 0x5C && bytes[$0 + 1] == 0x75 }) {
            end = min(end, escape)
        }
        if let escape = bytes.firstIndex(of: 0x25), escape < end,
            SecretName.firstIndex(in: Percent.decode(bytes, plusIsSpace: true).utf8) != nil
        {
            end = escape
        }
        let secrets = SecretText(String(decoding: bytes[..<end], as: UTF8.self))
        return (secrets.replaced(with: { digest(.string($0)) }), end < bytes.endIndex || secrets.isAny)
    }
}

extension Redaction: CustomStringConvertible, CustomReflectable {
    /// Never the key.
    public var description: String { "Redaction" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
