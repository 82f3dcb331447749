extension String {
    /// The longest start of the text that has at most `characters` characters and takes at most `bytes` bytes between
    /// the quotes of canonical JSON. U+0000, which PostgreSQL's `text` cannot hold, becomes U+FFFD.
    ///
    /// Source: RFC 8785, section 3.2.2.2, for what is escaped.
    func clipped(characters: Int = .max, bytes: Int) -> String {
        // A text of few enough bytes has no more characters: most are kept whole without looking at each of these.
        if utf8.count <= Swift.min(bytes, characters), !utf8.contains(0),
            utf8.reduce(0, { $0 + (Self.cost(UInt32($1)) ?? 1) }) <= bytes
        {
            return self
        }
        var left = bytes
        var count = 0
        var clipped = ""
        for character in self {
            guard count < characters else { break }
            var cost = 0
            for scalar in character.unicodeScalars {
                cost += Self.cost(scalar.value) ?? UTF8.width(scalar)
                guard cost <= left else { return clipped }
            }
            left -= cost
            count += 1
            if character.unicodeScalars.contains("\0") {
                clipped.unicodeScalars.append(contentsOf: character.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })
            } else {
                clipped.append(character)
            }
        }
        return clipped
    }

    /// The bytes that a scalar takes in canonical JSON, where they are not those that it takes in UTF-8.
    private static func cost(_ scalar: UInt32) -> Int? {
        switch scalar {
        case 0: 3
        case 0x22, 0x5C, 0x08, 0x09, 0x0A, 0x0C, 0x0D: 2
        case 1..<0x20: 6
        default: nil
        }
    }

    /// Without blanks, tabs and line ends at either side.
    var trimmed: String {
        let blank: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" }
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !blank($0) }),
            let last = scalars.lastIndex(where: { !blank($0) })
        else { return "" }
        return String(scalars[first...last])
    }
}

extension Sequence<UInt8> {
    /// Lower-case hexadecimal, two digits a byte.
    public var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
