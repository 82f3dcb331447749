/// One step of the schema: `m001_log.sql`, applied in order of its number.
enum Migration {
    /// Swift that lists the migrations; refuses a name that is no `mNNN_words`, a gap, and a number used twice.
    static func swift(from files: [SourceFile]) throws -> String {
        var entries: [String] = []
        for (index, file) in files.sorted(by: { $0.name < $1.name }).enumerated() {
            let digits = file.name.dropFirst().prefix(3)
            guard file.name.hasPrefix("m"), let number = Int(digits), digits.count == 3,
                file.name.dropFirst(4).first == "_", file.name.count > 5
            else { throw SourceFault(place: file.path, reason: "expected a name like m001_log.sql") }
            guard number == index + 1 else {
                throw SourceFault(place: file.path, reason: "expected number \(index + 1); numbers have no gaps")
            }
            entries.append(
                """
                        Migration(
                            number: \(number), name: "\(file.name)",
                            sql: \(literal(file.lines.joined(separator: "\n"), indent: "                "))),
                """)
        }
        return """
            // Generated from schema/*.sql. Edit those.

            extension Migration {
                /// Every migration this program knows, in order.
                public static let all: [Migration] = [
            \(entries.joined(separator: "\n"))
                ]
            }

            """
    }
}
