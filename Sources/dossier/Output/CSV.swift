/// Records as comma-separated values.
///
/// Values stand verbatim, quoted where they hold a comma, a quote, CR or LF; records end with CRLF. A value that begins
/// with `=`, `+`, `-` or `@` is not altered: whoever opens the file in a spreadsheet should import it as text.
/// Source: RFC 4180.
enum CSV {
    static func record(_ fields: [String?]) -> String {
        fields.map { quoted($0 ?? "") }.joined(separator: ",") + "\r\n"
    }

    private static func quoted(_ field: String) -> String {
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
