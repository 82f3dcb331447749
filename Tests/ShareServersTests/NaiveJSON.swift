import Foundation

/// A JSON value with its own writer, which knows nothing of the code under test.
indirect enum NaiveJSON {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([NaiveJSON])
    case object([(name: String, value: NaiveJSON)])
}

extension NaiveJSON {
    /// The form of RFC 8785.
    var canonical: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): Self.ecmaScript(value)
        case .string(let text): Self.quoted(text)
        case .array(let elements): "[" + elements.map(\.canonical).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { Array($0.name.utf16).lexicographicallyPrecedes(Array($1.name.utf16)) }
                .map { Self.quoted($0.name) + ":" + $0.value.canonical }.joined(separator: ",") + "}"
        }
    }

    /// Source: RFC 8785, section 3.2.2.2.
    static func quoted(_ text: String) -> String {
        let short: [UInt32: String] = [
            8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 0x22: "\\\"", 0x5C: "\\\\",
        ]
        let inner = text.unicodeScalars.map { scalar in
            short[scalar.value]
                ?? (scalar.value < 0x20
                    ? "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
                    : String(scalar))
        }
        return "\"" + inner.joined() + "\""
    }

    /// Tries one digit after the other until the number reads back, and arranges the digits.
    ///
    /// Source: ECMA-262, Number::toString, steps 5 to 12; k, n and s are named as there.
    static func ecmaScript(_ value: Double) -> String {
        if value == 0 { return "0" }
        if value < 0 { return "-" + ecmaScript(-value) }
        let text = (0...16).lazy.map { String(format: "%.\($0)e", value) }.first { Double($0) == value }
        let parts = (text ?? "").split(separator: "e")
        let s = parts[0].filter { $0 != "." }
        let (k, n) = (s.count, (Int(parts[1]) ?? 0) + 1)
        if k <= n, n <= 21 { return s + String(repeating: "0", count: n - k) }
        if 0 < n, n <= 21 { return s.prefix(n) + "." + s.dropFirst(n) }
        if -6 < n, n <= 0 { return "0." + String(repeating: "0", count: -n) + s }
        let exponent = (n - 1 < 0 ? "-" : "+") + String(abs(n - 1))
        return s.prefix(1) + (k > 1 ? "." + s.dropFirst() : "") + "e" + exponent
    }
}
