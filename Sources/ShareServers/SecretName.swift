/// How keys that hold secrets are told from others.
enum SecretName {
    /// By first letter. `_` stands for any one separator, or for none: `private-key` and `privateKey` are `private_key`.
    private static let words: [UInt8: [[UInt8]]] = Dictionary(
        grouping: [
            "password", "secret", "token", "private_key", "key_path", "credential", "auth", "passwd", "passphrase",
            "pwd",
            "api_key", "access_key", "cookie",
        ].map { Array($0.utf8) }, by: { $0[0] })

    /// Whether what stands under `key` is taken for a secret.
    ///
    /// `unauthorized`, the key of Manila's 401 answers, is none.
    static func isContained(inKey key: String) -> Bool {
        guard let index = firstIndex(in: key.utf8) else { return false }
        if index == key.utf8.index(key.utf8.startIndex, offsetBy: 2, limitedBy: key.utf8.endIndex) {
            return key.lowercased() != "unauthorized"
        }
        return true
    }

    /// Whether a look at every member is worth its time: false where no word that names a secret is in `bytes`, nor an
    /// escape that could hide one, nor what looks like a secret by itself. Fast, as every event is asked.
    static func mayBeContained(in bytes: [UInt8]) -> Bool {
        var hasWord = false
        let hasOther = bytes.withUnsafeBufferPointer { bytes in
            guard bytes.count > 4 else { return false }
            for at in 0..<bytes.count - 4 {
                switch bytes[at] | 0x20 {
                case 0x61:  // auth, api, acce
                    hasWord =
                        hasWord || begins(bytes, at, 0x75, 0x74, 0x68) || begins(bytes, at, 0x70, 0x69, nil)
                        || begins(bytes, at, 0x63, 0x63, 0x65)
                case 0x63:
                    hasWord = hasWord || begins(bytes, at, 0x72, 0x65, 0x64) || begins(bytes, at, 0x6F, 0x6F, 0x6B)
                case 0x6B: hasWord = hasWord || begins(bytes, at, 0x65, 0x79, nil)
                case 0x70:  // pass, priv, pwd
                    hasWord =
                        hasWord || begins(bytes, at, 0x61, 0x73, 0x73) || begins(bytes, at, 0x72, 0x69, 0x76)
                        || begins(bytes, at, 0x77, 0x64, nil)
                case 0x73: hasWord = hasWord || begins(bytes, at, 0x65, 0x63, 0x72)
                case 0x74: hasWord = hasWord || begins(bytes, at, 0x6F, 0x6B, 0x65)
                case 0x62:  // bear, base
                    if begins(bytes, at, 0x65, 0x61, 0x72) || begins(bytes, at, 0x61, 0x73, 0x65) { return true }
                case 0x65: if begins(bytes, at, 0x79, 0x6A, nil) { return true }  // eyJ
                case 0x67: if begins(bytes, at, 0x61, 0x61, 0x61) { return true }  // gAAA
                case 0x25:
                    if bytes[at] == 0x25, isHexadecimal(bytes[at + 1]), isHexadecimal(bytes[at + 2]) { return true }
                case 0x3A: if bytes[at + 1] == 0x2F, bytes[at + 2] == 0x2F, namesUser(bytes, at + 3) { return true }
                case 0x7C: if bytes[at] == 0x5C, bytes[at + 1] == 0x75 { return true }
                default: break
                }
            }
            return false
        }
        return hasOther || hasWord && firstIndex(in: bytes) != nil
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }

    /// Whether an `@` comes before what follows a URL ends.
    private static func namesUser(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
        for at in start..<bytes.count {
            switch bytes[at] {
            case 0x40: return true
            case ...0x20, 0x22, 0x27: return false
            default: continue
            }
        }
        return false
    }

    /// Where the word ends that names a secret and begins at `start`; nil where none does.
    static func word(at start: Int, in bytes: [UInt8]) -> Int? {
        let rest = bytes[start...]
        for word in words[bytes[start] | 0x20] ?? [] {
            if let end = end(of: word, in: rest), !isAuth(word) || !isAuthor(rest) { return end }
        }
        return nil
    }

    private static func isAuth(_ word: [UInt8]) -> Bool { word.count == 4 }

    private static func begins(
        _ bytes: UnsafeBufferPointer<UInt8>, _ at: Int, _ second: UInt8, _ third: UInt8, _ fourth: UInt8?
    ) -> Bool {
        bytes[at + 1] | 0x20 == second && bytes[at + 2] | 0x20 == third
            && (fourth == nil || bytes[at + 3] | 0x20 == fourth)
    }

    /// Where the first word begins that names a secret.
    static func firstIndex<Bytes: Collection<UInt8>>(in bytes: Bytes) -> Bytes.Index? {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] | 0x20 {
            case 0x61, 0x63, 0x6B, 0x70, 0x73, 0x74:  // a c k p s t
                let rest = bytes[index...]
                for word in words[bytes[index] | 0x20] ?? [] where end(of: word, in: rest) != nil {
                    if !isAuth(word) || !isAuthor(rest) { return index }
                }
            default: break
            }
            bytes.formIndex(after: &index)
        }
        return nil
    }

    /// Where `word` ends at the start of `bytes`; nil where they do not begin with it.
    private static func end<Bytes: Collection<UInt8>>(of word: [UInt8], in bytes: Bytes) -> Bytes.Index? {
        var index = bytes.startIndex
        for letter in word {
            guard index < bytes.endIndex else { return nil }
            if letter == 0x5F {
                switch bytes[index] {
                case 0x20, 0x2D, 0x2E, 0x5F: bytes.formIndex(after: &index)
                default: break
                }
            } else {
                guard bytes[index] | 0x20 == letter else { return nil }
                bytes.formIndex(after: &index)
            }
        }
        return index
    }

    /// Whether `auth` is but the start of `author`, `authority` or `authorship`; `authorize`, `authorization` and
    /// `authOrigin` are not.
    private static func isAuthor(_ bytes: some Collection<UInt8>) -> Bool {
        let letters = Array(bytes.prefix(8))
        guard letters.count >= 6, letters[4] | 0x20 == 0x6F, letters[5] | 0x20 == 0x72 else { return false }
        if letters[3] == 0x68, letters[4] == 0x4F { return false }
        guard letters.count == 8, letters[6] | 0x20 == 0x69 else { return true }
        return letters[7] | 0x20 != 0x7A && letters[7] | 0x20 != 0x73
    }
}

/// Percent-encoding of URLs. Source: RFC 3986, section 2.1.
public enum Percent {
    /// Decodes; what is no escape stays, and bytes that are not UTF-8 become U+FFFD.
    public static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            bytes.formIndex(after: &index)
            if byte == 0x25, let high = bytes[index...].first.flatMap(digit),
                let low = bytes[index...].dropFirst().first.flatMap(digit)
            {
                decoded.append(high << 4 | low)
                bytes.formIndex(&index, offsetBy: 2)
            } else {
                decoded.append(plusIsSpace && byte == 0x2B ? 0x20 : byte)
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// Decodes; nil where an escape is broken, or what it gives is not UTF-8.
    public static func decodeExactly(_ bytes: some Collection<UInt8>) -> String? {
        var rest = bytes[...]
        while let escape = rest.firstIndex(of: 0x25) {
            let digits = rest[escape...].dropFirst().prefix(2)
            guard digits.count == 2, digits.allSatisfy({ digit($0) != nil }) else { return nil }
            rest = rest[digits.endIndex...]
        }
        let decoded = decode(bytes)
        guard !decoded.unicodeScalars.contains("\u{FFFD}") || encodesReplacement(bytes) else { return nil }
        return decoded
    }

    /// Whether U+FFFD itself was sent.
    private static func encodesReplacement(_ bytes: some Collection<UInt8>) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        return text.contains("%ef%bf%bd") || text.contains("\u{FFFD}")
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
