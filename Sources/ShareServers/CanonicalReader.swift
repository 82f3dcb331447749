/// Reads bytes that are known to be in canonical form, without checking them again.
struct CanonicalReader {
    let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Calls `body` with each member of the object at `range`, in order: the key and the value, quotes included.
    func forEachMember<Failure: Error>(
        _ range: Range<Int>, _ body: (_ key: Range<Int>, _ value: Range<Int>) throws(Failure) -> Void
    ) throws(Failure) {
        var at = range.lowerBound + 1
        while at < range.upperBound - 1 {
            let key = at..<end(of: at)
            let value = (key.upperBound + 1)..<end(of: key.upperBound + 1)
            try body(key, value)
            at = value.upperBound + 1
        }
    }

    /// The value of a member of the object at `range`.
    func member(_ name: StaticString, of range: Range<Int>) -> Range<Int>? {
        guard bytes[range.lowerBound] == 0x7B else { return nil }
        var at = range.lowerBound + 1
        while at < range.upperBound - 1 {
            let key = at..<end(of: at)
            let value = (key.upperBound + 1)..<end(of: key.upperBound + 1)
            if isString(key, name) { return value }
            at = value.upperBound + 1
        }
        return nil
    }

    /// Whether the string at `range` is `text`, which needs no escapes.
    func isString(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount + 2 else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[range.lowerBound + 1 + offset] != text.utf8Start[offset] {
            return false
        }
        return true
    }

    /// Whether every element of the array at `range` is a string.
    func isArrayOfStrings(_ range: Range<Int>) -> Bool {
        var at = range.lowerBound + 1
        while at < range.upperBound - 1 {
            guard bytes[at] == 0x22 else { return false }
            at = end(of: at) + 1
        }
        return true
    }

    /// What the string at `range` says.
    func string(_ range: Range<Int>) -> String {
        let inner = UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound + 1..<range.upperBound - 1])
        guard inner.contains(0x5C) else { return String(decoding: inner, as: UTF8.self) }
        var text: [UInt8] = []
        text.reserveCapacity(inner.count)
        var at = 0
        while at < inner.count {
            guard inner[at] == 0x5C else {
                text.append(inner[at])
                at += 1
                continue
            }
            switch inner[at + 1] {
            case 0x62: text.append(0x08)
            case 0x66: text.append(0x0C)
            case 0x6E: text.append(0x0A)
            case 0x72: text.append(0x0D)
            case 0x74: text.append(0x09)
            case 0x75:
                // Canonical are only control characters below 0x20.
                let digits = String(decoding: inner[at + 2..<at + 6], as: UTF8.self)
                text.append(UInt8(truncatingIfNeeded: Int(digits, radix: 16) ?? 0))
                at += 4
            default: text.append(inner[at + 1])
            }
            at += 2
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The value at `range`.
    func value(_ range: Range<Int>) -> JSON {
        switch bytes[range.lowerBound] {
        case 0x22: return .string(string(range))
        case 0x7B:
            var members: [String: JSON] = [:]
            forEachMember(range) { members[string($0)] = value($1) }
            return .object(members)
        case 0x5B:
            var elements: [JSON] = []
            var at = range.lowerBound + 1
            while at < range.upperBound - 1 {
                let element = at..<end(of: at)
                elements.append(value(element))
                at = element.upperBound + 1
            }
            return .array(elements)
        case 0x74: return .bool(true)
        case 0x66: return .bool(false)
        case 0x6E: return .null
        default: return .number(Double(String(decoding: bytes[range], as: UTF8.self)) ?? 0)
        }
    }

    /// Where the value that begins at `start` ends.
    func end(of start: Int) -> Int {
        switch bytes[start] {
        case 0x22: return endOfString(start)
        case 0x7B, 0x5B:
            var depth = 0
            var at = start
            repeat {
                switch bytes[at] {
                case 0x22:
                    at = endOfString(at)
                    continue
                case 0x7B, 0x5B: depth += 1
                case 0x7D, 0x5D: depth -= 1
                default: break
                }
                at += 1
            } while depth > 0
            return at
        default:
            var at = start
            while at < bytes.count, bytes[at] != 0x2C, bytes[at] != 0x7D, bytes[at] != 0x5D { at += 1 }
            return at
        }
    }

    private func endOfString(_ start: Int) -> Int {
        var at = start + 1
        while bytes[at] != 0x22 { at += bytes[at] == 0x5C ? 2 : 1 }
        return at + 1
    }
}
