extension Unicode.Scalar {
    /// Whether a terminal acts on the scalar instead of showing it, or shows what follows out of place.
    ///
    /// Source: Unicode general categories Cc, Zl, Zp; the bidirectional controls of UAX 9, which can make one text look
    /// like another; the tags of category Cf that have no shape.
    var isTerminalControl: Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
            0xFFF9...0xFFFB, 0xE0000...0xE007F:
            true
        default: false
        }
    }

    /// Columns a terminal gives the scalar: 0 for marks that combine, 2 for East Asian wide ones and emoji.
    ///
    /// Source: EastAsianWidth.txt, the blocks that are wide as a whole.
    var columns: Int {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default:
            switch properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format: return 0
            default: return 1
            }
        }
    }
}

extension String {
    /// The text with everything a terminal would obey spelled out: `\n`, `\t`, `\r`, else `\u{1b}`.
    var escapedForTerminal: String {
        guard unicodeScalars.contains(where: \.isTerminalControl) else { return self }
        var escaped = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case let scalar where scalar.isTerminalControl:
                escaped += "\\u{\(String(scalar.value, radix: 16))}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Columns a terminal gives the text.
    var columns: Int {
        if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
        return reduce(0) { $0 + $1.columns }
    }

    /// The text in at most `columns` columns, ended by `…` where it is cut.
    func clipped(to columns: Int) -> String {
        guard self.columns > columns else { return self }
        guard columns > 0 else { return "" }
        var clipped = ""
        var used = 0
        for character in self {
            let width = character.columns
            guard used + width <= columns - 1 else { break }
            clipped.append(character)
            used += width
        }
        return clipped + "…"
    }

    /// The text with blanks after it up to `columns` columns.
    func padded(to columns: Int) -> String {
        self + String(repeating: " ", count: max(columns - self.columns, 0))
    }
}

extension Character {
    var columns: Int { min(unicodeScalars.reduce(0) { $0 + $1.columns }, 2) }
}
