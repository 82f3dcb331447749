extension JSON {
    /// The value's only form under RFC 8785: members sorted by UTF-16, ECMAScript's numbers, no space.
    public func canonical() -> [UInt8] {
        var bytes: [UInt8] = []
        appendCanonical(to: &bytes)
        return bytes
    }

    /// Appends the canonical form. A number that is not finite, which JSON has not, becomes null.
    public func appendCanonical(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let value):
            if value.isFinite { Self.appendNumber(value, to: &bytes) } else { bytes.append(contentsOf: "null".utf8) }
        case .string(let value): Self.appendString(value, to: &bytes)
        case .array(let elements):
            bytes.append(0x5B)
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(0x2C) }
                element.appendCanonical(to: &bytes)
            }
            bytes.append(0x5D)
        case .object(let members):
            bytes.append(0x7B)
            for (index, member) in members.sorted(by: { Self.precedes($0.key, $1.key) }).enumerated() {
                if index > 0 { bytes.append(0x2C) }
                Self.appendString(member.key, to: &bytes)
                bytes.append(0x3A)
                member.value.appendCanonical(to: &bytes)
            }
            bytes.append(0x7D)
        }
    }

    /// Whether a name comes before another by UTF-16 code units, told by their UTF-8: the two orders differ only between
    /// U+E000 to U+FFFF (lead bytes EE and EF) and what lies beyond (F0 and up), which is surrogates, D800 to DFFF, there.
    ///
    /// Source: RFC 8785, section 3.2.3.
    static func precedes(_ left: String, _ right: String) -> Bool {
        var others = right.utf8.makeIterator()
        for byte in left.utf8 {
            guard let other = others.next() else { return false }
            if byte == other { continue }
            if byte >= 0xEE, other >= 0xEE, (byte < 0xF0) != (other < 0xF0) { return byte > other }
            return byte < other
        }
        return others.next() != nil
    }

    /// Appends a string in quotes with the fewest escapes.
    static func appendString(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(0x22)
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }
        if isPlain {
            bytes.append(contentsOf: text.utf8)
        } else {
            for byte in text.utf8 { appendEscaped(byte, to: &bytes) }
        }
        bytes.append(0x22)
    }

    /// Appends one byte of a string's UTF-8.
    ///
    /// Source: RFC 8785, section 3.2.2.2.
    @inline(__always)
    static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case 0x22, 0x5C:
            bytes.append(0x5C)
            bytes.append(byte)
        case 0x20...: bytes.append(byte)
        case 0x08: bytes.append(contentsOf: [0x5C, 0x62])
        case 0x09: bytes.append(contentsOf: [0x5C, 0x74])
        case 0x0A: bytes.append(contentsOf: [0x5C, 0x6E])
        case 0x0C: bytes.append(contentsOf: [0x5C, 0x66])
        case 0x0D: bytes.append(contentsOf: [0x5C, 0x72])
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: [0x5C, 0x75, 0x30, 0x30, digits[Int(byte >> 4)], digits[Int(byte & 15)]])
        }
    }

    /// Appends a finite number as ECMAScript writes it.
    ///
    /// Source: RFC 8785, section 3.2.2.3, and ECMA-262, Number::toString. Swift's description gives the same shortest
    /// digits; only their arrangement differs.
    static func appendNumber(_ value: Double, to bytes: inout [UInt8]) {
        // Zero, of either sign, too. Most numbers are whole, and their digits need no search.
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 {
            bytes.append(contentsOf: String(whole).utf8)
            return
        }
        if value < 0 { bytes.append(0x2D) }
        let (digits, exponent) = shortestDigits(abs(value))
        let count = digits.count
        // The value is 0.digits × 10^point.
        let point = exponent + count
        switch point {
        case count...21:
            bytes.append(contentsOf: digits)
            bytes.append(contentsOf: repeatElement(0x30, count: point - count))
        case 1...21:
            bytes.append(contentsOf: digits[..<point])
            bytes.append(0x2E)
            bytes.append(contentsOf: digits[point...])
        case -5...0:
            bytes.append(contentsOf: [0x30, 0x2E])
            bytes.append(contentsOf: repeatElement(0x30, count: -point))
            bytes.append(contentsOf: digits)
        default:
            bytes.append(digits[0])
            if count > 1 {
                bytes.append(0x2E)
                bytes.append(contentsOf: digits[1...])
            }
            bytes.append(0x65)
            bytes.append(point - 1 < 0 ? 0x2D : 0x2B)
            bytes.append(contentsOf: String(abs(point - 1)).utf8)
        }
    }

    /// The fewest digits that read back as `value`, without zeros at either end, and the power of ten that they are
    /// multiplied by.
    private static func shortestDigits(_ value: Double) -> (digits: [UInt8], exponent: Int) {
        var digits: [UInt8] = []
        var exponent = 0
        var afterPoint = false
        let text = Array(value.description.utf8)
        for (index, byte) in text.enumerated() {
            if byte == 0x2E {
                afterPoint = true
            } else if byte | 0x20 == 0x65 {
                exponent += Int(String(decoding: text[(index + 1)...], as: UTF8.self)) ?? 0
                break
            } else {
                digits.append(byte)
                if afterPoint { exponent -= 1 }
            }
        }
        while digits.last == 0x30, digits.count > 1 {
            digits.removeLast()
            exponent += 1
        }
        let zeros = digits.prefix { $0 == 0x30 }.count
        digits.removeFirst(min(zeros, digits.count - 1))
        return (digits, exponent)
    }
}
