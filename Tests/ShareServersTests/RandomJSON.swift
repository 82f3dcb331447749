/// Random values, and random ways of writing them.
struct RandomJSON {
    var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    /// Names whose order differs between UTF-8, UTF-16, escaped and plain text, and that begin one another.
    ///
    /// No two of them are canonically equivalent: Swift would take those for one.
    private static let names = [
        "", " ", "!", "\"", "#", "\\", "]", "a", "a!", "a\"", "a\\", "a\n", "a\u{1}", "ab", "aa", "A", "aB", "1", "10",
        "9",
        "\u{1}", "\t", "\u{8}", "\u{1F}", "\u{7F}", "\u{80}", "\u{E9}", "\u{D7FF}", "\u{E000}", "\u{FB33}", "\u{FFFD}",
        "\u{FFFF}", "\u{10000}", "\u{1F600}", "\u{10FFFF}", "a\u{FFFF}", "a\u{1F600}", "/", "</script>", "\u{2028}",
        "status", "time", "é\u{1F600}", "recordedtime",
    ]

    mutating func value(depth: Int = 0) -> NaiveJSON {
        switch Int.random(in: 0..<(depth < 5 ? 10 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(random.chance(50))
        case 2, 3: return .number(number())
        case 4, 5: return .string(text())
        case 6, 7:
            return .array((0..<Int.random(in: 0...5, using: &random)).map { _ in value(depth: depth + 1) })
        default: return object(depth: depth)
        }
    }

    mutating func object(depth: Int = 0) -> NaiveJSON {
        let names = Self.names.shuffled(using: &random).prefix(Int.random(in: 0...12, using: &random))
        return .object(names.map { ($0, value(depth: depth + 1)) })
    }

    /// A number whose canonical form is read again: whole ones are within 2^53, or so large that they have an exponent.
    mutating func number() -> Double {
        while true {
            let number: Double
            switch Int.random(in: 0..<5, using: &random) {
            case 0: number = Double(Int.random(in: -20...20, using: &random))
            case 1: number = Double(Int64.random(in: -(1 << 53)...(1 << 53), using: &random))
            case 2: number = Double(Int.random(in: -9999...9999, using: &random)) / 1000
            case 3: number = Double(Int.random(in: 1...99_999, using: &random)) * 1e-9
            default: number = Double(bitPattern: random.next())
            }
            // A power of two has neighbours at two distances, which the naive search for digits does not consider.
            guard number.isFinite, number.significandBitPattern != 0 || abs(number) < 1e6 else { continue }
            if abs(number) <= 0x1p53 || abs(number) >= 1e21 { return number }
        }
    }

    private mutating func text() -> String {
        (0..<Int.random(in: 0...4, using: &random)).map { _ in random.pick(Self.names) }.joined()
    }
}

// MARK: - Writing

extension RandomJSON {
    /// One of the many ways to write a value: blanks, escapes, notations of numbers.
    mutating func write(_ value: NaiveJSON) -> String {
        switch value {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let value): return write(value)
        case .string(let text): return write(text)
        case .array(let elements):
            var parts: [String] = []
            for element in elements { parts.append(blank() + write(element) + blank()) }
            return "[" + (parts.isEmpty ? blank() : parts.joined(separator: ",")) + "]"
        case .object(let members):
            var parts: [String] = []
            for (name, value) in members {
                parts.append(blank() + write(name) + blank() + ":" + blank() + write(value) + blank())
            }
            return "{" + (parts.isEmpty ? blank() : parts.joined(separator: ",")) + "}"
        }
    }

    private mutating func blank() -> String {
        random.chance(70) ? "" : random.pick([" ", "\n", "\t", "\r\n", "  \n"])
    }

    private mutating func write(_ number: Double) -> String {
        guard abs(number) <= 0x1p53, number == number.rounded() else {
            let text = "\(number)"
            return random.chance(30) ? text.uppercased() : text
        }
        let whole = (number.sign == .minus ? "-" : "") + "\(Int64(number.magnitude))"
        return random.pick([whole, whole, whole + ".0", whole + "e0", whole + "E+0", whole + ".000e-0"])
    }

    private mutating func write(_ text: String) -> String {
        var written = "\""
        for scalar in text.unicodeScalars {
            let short: [UInt32: String] = [
                8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 0x22: "\\\"", 0x5C: "\\\\", 0x2F: "\\/",
            ]
            if random.chance(40), let escape = short[scalar.value] {
                written += escape
            } else if scalar.value < 0x20 || scalar == "\"" || scalar == "\\" || random.chance(30) {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16, uppercase: random.chance(50))
                    written += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                written.unicodeScalars.append(scalar)
            }
        }
        return written + "\""
    }
}
