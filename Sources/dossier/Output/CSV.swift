/// Records as comma-separated values.
///
/// Values stand verbatim, quoted where they hold a comma, a quote, CR or LF; records end with CRLF. A `'` goes before a
/// value that a spreadsheet would take for a formula: one that begins with `=`, `+`, `-`, `@`, a tab or CR and is no number.
/// So that it can be taken away again, it goes before one that begins with `'` as well.
/// Source: RFC 4180; OWASP, "CSV Injection".
enum CSV {
    static func record(_ fields: [String?]) -> String {
        fields.map { quoted($0 ?? "") }.joined(separator: ",") + "\r\n"
    }

    /// Whether a spreadsheet would take the field for more than a text, or it begins as one that was kept from that.
    private static func isFormula(_ field: String) -> Bool {
        switch field.utf8.first {
        case 0x09, 0x0D, 0x27, 0x3D, 0x40: true
        case 0x2B, 0x2D: Double(field) == nil
        default: false
        }
    }

    private static func quoted(_ field: String) -> String {
        let field = isFormula(field) ? "'" + field : field
        // Bytes, not characters: CR LF is one character.
        let special = field.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0D || $0 == 0x0A }
        guard special else { return field }
        var quoted = "\""
        for scalar in field.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
