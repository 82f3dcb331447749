/// Strings and numbers.
extension CanonicalWriter {
    /// Writes the string that begins at `at`.
    mutating func writeString() throws(JSONFault) -> StringForm {
        let start = at
        at += 1
        output.append(0x22)
        var form = StringForm()
        var run = at
        while at < input.count {
            let byte = input[at]
            if byte == 0x22 {
                output.append(contentsOf: input[run..<at])
                output.append(0x22)
                at += 1
                return form
            } else if byte == 0x5C {
                form.isPlain = false
                output.append(contentsOf: input[run..<at])
                try writeEscape()
                run = at
            } else if byte < 0x20 {
                throw fault("a control character in a string must be escaped")
            } else {
                if byte >= 0x80 {
                    form.isASCII = false
                    if byte >= 0xEE { form.isPlain = false }
                }
                at += 1
            }
        }
        throw fault("the string has no end", at: start)
    }

    private mutating func writeEscape() throws(JSONFault) {
        let start = at
        guard at + 1 < input.count else { throw fault("the string has no end") }
        at += 2
        switch input[at - 1] {
        case 0x22, 0x5C:
            output.append(0x5C)
            output.append(input[at - 1])
        case 0x2F: output.append(0x2F)
        case 0x62, 0x66, 0x6E, 0x72, 0x74:
            output.append(0x5C)
            output.append(input[at - 1])
        case 0x75:
            var scalar = try hexadecimal(start)
            if scalar & 0xFC00 == 0xD800 {
                guard at + 1 < input.count, input[at] == 0x5C, input[at + 1] == 0x75 else {
                    throw fault("half of a surrogate pair", at: start)
                }
                at += 2
                let low = try hexadecimal(start)
                guard low & 0xFC00 == 0xDC00 else { throw fault("half of a surrogate pair", at: start) }
                scalar = 0x10000 + (scalar & 0x3FF) << 10 + low & 0x3FF
            }
            guard scalar != 0 else { throw fault("\\u0000 cannot be stored", at: start) }
            guard let character = Unicode.Scalar(scalar) else { throw fault("half of a surrogate pair", at: start) }
            for byte in UTF8.encode(character).unsafelyUnwrapped { JSON.appendEscaped(byte, to: &output) }
        default: throw fault("no such escape", at: start)
        }
    }

    /// The four digits that stand at `at`.
    private mutating func hexadecimal(_ start: Int) throws(JSONFault) -> UInt32 {
        guard at + 4 <= input.count else { throw fault("\\u needs four hexadecimal digits", at: start) }
        var value: UInt32 = 0
        for offset in 0..<4 {
            guard let digit = Character(Unicode.Scalar(input[at + offset])).hexDigitValue, input[at + offset] < 0x80
            else { throw fault("\\u needs four hexadecimal digits", at: start) }
            value = value << 4 | UInt32(digit)
        }
        at += 4
        return value
    }

    mutating func writeNumber() throws(JSONFault) {
        let start = at
        if input[at] == 0x2D { at += 1 }
        let firstDigit = at
        try skipDigits(start)
        guard input[firstDigit] != 0x30 || at == firstDigit + 1 else {
            throw fault("a number with a leading zero", at: start)
        }
        var isWhole = true
        if at < input.count, input[at] == 0x2E {
            isWhole = false
            at += 1
            try skipDigits(start)
        }
        if at < input.count, input[at] | 0x20 == 0x65 {
            isWhole = false
            at += 1
            if at < input.count, input[at] == 0x2B || input[at] == 0x2D { at += 1 }
            try skipDigits(start)
        }
        if isWhole, at - start <= 15, input[firstDigit] != 0x30 || start == firstDigit {
            output.append(contentsOf: input[start..<at])
            return
        }
        guard let value = Double(String(decoding: input[start..<at], as: UTF8.self)), value.isFinite else {
            throw fault("the number is too large for a double", at: start)
        }
        // Source: RFC 8785, section 3.2.2.3, and RFC 7493, section 2.2: beyond 2^53 neighbours become one. From 10^21 on
        // the canonical form has an exponent, and nobody reads it as a whole number.
        guard isWhole ? isExact(start) : value.magnitude <= 0x1p53 || value.magnitude >= 1e21 else {
            throw fault("the whole number is beyond 2^53, where readers disagree; send it as a string", at: start)
        }
        JSON.appendNumber(value, to: &output)
    }

    /// Whether the whole number from `start` on lies within ±2^53.
    private func isExact(_ start: Int) -> Bool {
        guard at - start <= 17, let value = Int64(String(decoding: input[start..<at], as: UTF8.self)) else {
            return false
        }
        return value.magnitude <= 1 << 53
    }

    private mutating func skipDigits(_ start: Int) throws(JSONFault) {
        let first = at
        while at < input.count, input[at] &- 0x30 < 10 { at += 1 }
        guard at > first else { throw fault("a digit is expected in the number") }
    }
}
