/// Secrets in a text that is no JSON: what follows a name of one (`password=…`, `"token": "…"`, `--secret …`,
/// `Authorization: Bearer …`, `<password>…`), the user of a URL, and what is a secret by its looks.
///
/// A secret that stands in a sentence without any of these is not found.
struct SecretText {
    private let text: String
    private let bytes: [UInt8]
    /// Where secrets stand, in order.
    private(set) var values: [Range<Int>] = []
    /// Whether there are digests where secrets were.
    private(set) var hasSealed = false
    /// Whether a name of a secret has nothing behind it that could be one.
    private(set) var hasLoose = false

    init(_ text: String) {
        self.init(text, isDecoded: false)
    }

    private init(_ text: String, isDecoded: Bool) {
        self.text = text
        bytes = Array(text.utf8)
        guard SecretName.mayBeContained(in: bytes) else { return }
        var at = 0
        while at < bytes.count { at = look(at) }
        // Where an escape hides a name, its value cannot be told from the rest.
        guard !isDecoded, case let decoded = Self.decoded(bytes), decoded != text else { return }
        if SecretText(decoded, isDecoded: true).values.count > values.count { values = [0..<bytes.count] }
    }

    var isAny: Bool { hasSealed || !values.isEmpty }

    /// The text with something else in place of each secret.
    func replaced(with replacement: (String) -> String) -> String {
        guard !values.isEmpty else { return text }
        var replaced: [UInt8] = []
        var end = 0
        for value in values {
            replaced += bytes[end..<value.lowerBound]
            replaced += Array(replacement(String(decoding: bytes[value], as: UTF8.self)).utf8)
            end = value.upperBound
        }
        return String(decoding: replaced + bytes[end...], as: UTF8.self)
    }

    // MARK: Looking

    /// Looks whether a secret or its name begins at `at`; where to look next.
    private mutating func look(_ at: Int) -> Int {
        if let end = SecretName.word(at: at, in: bytes) { return named(at..<end) }
        if starts(at, with: "://"), let user = user(from: at + 3) { return take(user) }
        guard at == 0 || !Self.isName(bytes[at - 1]) else { return at + 1 }
        if let value = bearer(at) ?? token(at) ?? key(at) { return take(value) }
        return at + 1
    }

    /// Notes the value of a secret; where it ends.
    private mutating func take(_ value: Range<Int>) -> Int {
        if isSealed(value) { hasSealed = true } else if !value.isEmpty { values.append(value) }
        return max(value.upperBound, value.lowerBound + 1)
    }

    /// Whether a digest stands there, or the start of one at the end of a text that was cut off.
    private func isSealed(_ value: Range<Int>) -> Bool {
        let text = String(decoding: bytes[value].filter { $0 != 0x5C }, as: UTF8.self)
        if Redaction.isDigest(text) { return true }
        let opening = #"{"redacted":"hmac-sha256:"#
        guard text.hasPrefix(opening) else { return value.upperBound == bytes.count && opening.hasPrefix(text) }
        let digest = text.dropFirst(opening.count).prefix { $0.isHexDigit }
        let rest = text.dropFirst(opening.count + digest.count)
        return digest.utf8.count == 64 && rest == "\"}" || value.upperBound == bytes.count && "\"}".hasPrefix(rest)
    }

    private mutating func named(_ word: Range<Int>) -> Int {
        var start = word.lowerBound
        let former = values.last?.upperBound ?? 0
        while start > former, Self.isName(bytes[start - 1]) { start -= 1 }
        var end = word.upperBound
        while end < bytes.count, Self.isName(bytes[end]) { end += 1 }
        guard SecretName.isContained(inKey: String(decoding: bytes[start..<end], as: UTF8.self)) else { return end }
        guard let value = value(of: start..<end) else {
            hasLoose = true
            return end
        }
        return take(value)
    }

    // MARK: Values

    /// What stands behind a name that is followed by a separator.
    private func value(of name: Range<Int>) -> Range<Int>? {
        var at = name.upperBound
        let isQuoted = at < bytes.count && [0x22, 0x27, 0x5C].contains(bytes[at])
        while at < bytes.count, [0x22, 0x27, 0x5C, 0x5D, 0x29].contains(bytes[at]) { at += 1 }
        let blank = at
        at = skip(at) { $0 == 0x20 || $0 == 0x09 || isQuoted && ($0 == 0x0A || $0 == 0x0D) }
        guard at < bytes.count else { return nil }
        if bytes[at] == 0x3A || bytes[at] == 0x3D {
            at = skip(at + 1) { $0 == 0x3D || $0 == 0x3E }
        } else if bytes[at] == 0x3E, name.lowerBound > 0, bytes[name.lowerBound - 1] == 0x3C {
            return at + 1..<(bytes[at...].firstIndex(of: 0x3C) ?? bytes.count)
        } else if bytes[name.lowerBound] != 0x2D || at == blank {
            return nil
        }
        at = skip(at) { $0 == 0x20 || $0 == 0x09 || isQuoted && ($0 == 0x0A || $0 == 0x0D) }
        // Python writes u'…' and b'…'.
        if at + 1 < bytes.count, [0x62, 0x72, 0x75].contains(bytes[at] | 0x20), [0x22, 0x27].contains(bytes[at + 1]) {
            at += 1
        }
        let escapes = skip(at) { $0 == 0x5C } - at
        guard at + escapes < bytes.count else { return at < bytes.count ? at..<bytes.count : nil }
        switch bytes[at + escapes] {
        case 0x22, 0x27: return quoted(at + escapes, escapes: escapes)
        case 0x7B, 0x5B: return bracketed(at)
        default: return plain(at, of: name)
        }
    }

    /// Up to the next quote that is escaped as the one at `opening` is, or less.
    private func quoted(_ opening: Int, escapes: Int) -> Range<Int> {
        let start = opening + 1
        var run = 0
        for at in start..<bytes.count {
            if bytes[at] == bytes[opening], escapes == 0 ? run.isMultiple(of: 2) : run <= escapes {
                return start..<(escapes == 0 ? at : at - run)
            }
            run = bytes[at] == 0x5C ? run + 1 : 0
        }
        return start..<bytes.count
    }

    private func bracketed(_ start: Int) -> Range<Int> {
        var depth = 0
        for at in start..<bytes.count {
            switch bytes[at] {
            case 0x7B, 0x5B: depth += 1
            case 0x7D, 0x5D: depth -= 1
            default: continue
            }
            if depth == 0 { return start..<at + 1 }
        }
        return start..<bytes.count
    }

    /// A word; behind the name of a scheme, and of a cookie, the rest of the line.
    private func plain(_ start: Int, of name: Range<Int>) -> Range<Int>? {
        var end = skip(start) { $0 > 0x20 && ![0x22, 0x26, 0x27, 0x3C, 0x3E].contains($0) }
        let word = String(decoding: bytes[start..<end], as: UTF8.self).lowercased()
        let key = String(decoding: bytes[name], as: UTF8.self).lowercased()
        if Self.schemes.contains(word) || key.contains("cookie") {
            return start..<skip(start) { $0 != 0x0A && $0 != 0x0D && $0 != 0x22 }
        }
        while end > start, [0x29, 0x2C, 0x2E, 0x3B, 0x5C, 0x5D, 0x7D].contains(bytes[end - 1]) { end -= 1 }
        return end > start ? start..<end : nil
    }

    /// Source: IANA, HTTP Authentication Schemes; those that carry secrets.
    private static let schemes: Set<String> = ["basic", "bearer", "digest", "negotiate", "token", "apikey"]

    // MARK: By their looks

    /// User and password of a URL, without the `@`. Source: RFC 3986, section 3.2.1.
    private func user(from start: Int) -> Range<Int>? {
        let end = skip(start) { $0 > 0x20 && ![0x22, 0x27, 0x3C, 0x3E, 0x5C].contains($0) }
        let authority =
            start..<skip(start) { byte in
                byte > 0x20 && ![0x22, 0x23, 0x27, 0x2F, 0x3C, 0x3E, 0x3F, 0x5C].contains(byte)
            }
        if let sign = bytes[authority].lastIndex(of: 0x40) { return start..<sign }
        // A password with a slash in it: what follows the colon is no port.
        guard let colon = bytes[authority].firstIndex(of: 0x3A), bytes[start] != 0x5B, colon + 1 < authority.upperBound,
            bytes[colon + 1..<authority.upperBound].contains(where: { !(0x30...0x39).contains($0) }),
            let sign = bytes[start..<end].lastIndex(of: 0x40)
        else { return nil }
        return start..<sign
    }

    /// What follows `Bearer` in a sentence.
    private func bearer(_ at: Int) -> Range<Int>? {
        guard starts(at, with: "bearer", inAnyCase: true) else { return nil }
        let start = skip(at + 6) { $0 == 0x20 || $0 == 0x09 }
        let end = skip(start) { Self.isName($0) || $0 == 0x2B || $0 == 0x2F || $0 == 0x3D || $0 == 0x7E || $0 == 0x3A }
        return start > at + 6 && end - start >= 12 ? start..<end : nil
    }

    /// Tokens of Keystone. Source: keystone, `token/providers/fernet` (its version byte and the high bytes of a time) and
    /// `jws` (RFC 7515, section 3.1).
    private func token(_ at: Int) -> Range<Int>? {
        let isFernet = starts(at, with: "gAAAA")
        guard isFernet || starts(at, with: "eyJ") else { return nil }
        let end = skip(at) { Self.isName($0) || $0 == 0x3D }
        let dots = bytes[at..<end].count { $0 == 0x2E }
        return (isFernet ? end - at >= 60 : end - at >= 30 && dots >= 2) ? at..<end : nil
    }

    /// A private key in PEM. Source: RFC 7468, section 10.
    private func key(_ at: Int) -> Range<Int>? {
        guard starts(at, with: "-----BEGIN ") else { return nil }
        let line = skip(at + 5) { $0 != 0x2D }
        guard String(decoding: bytes[at..<line], as: UTF8.self).hasSuffix("PRIVATE KEY") else { return nil }
        var end = line
        while end < bytes.count, !starts(end, with: "-----END ") { end += 1 }
        return at..<end
    }

    // MARK: Bytes

    private func skip(_ start: Int, while isSkipped: (UInt8) -> Bool) -> Int {
        var at = start
        while at < bytes.count, isSkipped(bytes[at]) { at += 1 }
        return at
    }

    private func starts(_ at: Int, with text: StaticString, inAnyCase: Bool = false) -> Bool {
        guard at + text.utf8CodeUnitCount <= bytes.count else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy {
            inAnyCase ? bytes[at + $0] | 0x20 == text.utf8Start[$0] : bytes[at + $0] == text.utf8Start[$0]
        }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A, 0x80...: true
        default: false
        }
    }

    /// The text without the escapes of URLs and of JSON.
    private static func decoded(_ bytes: [UInt8]) -> String {
        var plain: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == 0x5C, at + 5 < bytes.count, bytes[at + 1] == 0x75,
                let code = UInt16(String(decoding: bytes[at + 2...at + 5], as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(code)
            {
                plain += Array(String(scalar).utf8)
                at += 6
            } else {
                plain.append(bytes[at])
                at += 1
            }
        }
        return Percent.decode(plain)
    }
}
