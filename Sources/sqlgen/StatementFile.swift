/// One file of `queries/<topic>/verb_noun.sql`: a header of comments, then one statement.
///
/// The header:
/// ```
/// -- What the statement answers or does, on as many lines as it needs.
/// -- $1 lane smallint  what it means, its unit
/// -- $2 host text?     nullable
/// -- returns: many     one | optional | many | nothing | copy in | copy out
/// --   position bigint
/// --   body text
/// -- order: position ascending
/// -- limit: $3
/// ```
struct StatementFile {
    var file: SourceFile
    var document: [String] = []
    var parameters: [(name: String, type: SQLType, meaning: String)] = []
    var kind = ""
    var columns: [(name: String, type: SQLType)] = []
    var sql: [String] = []

    init(_ file: SourceFile) throws {
        self.file = file
        guard file.topics.count == 1 else {
            throw SourceFault(place: file.path, reason: "expected queries/<topic>/verb_noun.sql")
        }
        for (number, line) in zip(1..., file.lines) {
            if sql.isEmpty, line.hasPrefix("--") {
                try readHeader(line.dropFirst(2), at: file.place(number))
            } else if !(sql.isEmpty && line.allSatisfy(\.isWhitespace)) {
                sql.append(line)
            }
        }
        while let last = sql.last, last.allSatisfy({ $0.isWhitespace || $0 == ";" }) { sql.removeLast() }
        guard !sql.isEmpty else { throw SourceFault(place: file.path, reason: "holds no statement") }
        if sql[sql.count - 1].hasSuffix(";") { sql[sql.count - 1].removeLast() }
        guard !document.isEmpty else { throw SourceFault(place: file.place(1), reason: "says not what it is for") }
        guard !kind.isEmpty else { throw SourceFault(place: file.place(1), reason: "has no 'returns:' line") }
        if ["one", "optional", "many"].contains(kind) == columns.isEmpty {
            throw SourceFault(place: file.place(1), reason: "'returns: \(kind)' does not fit \(columns.count) columns")
        }
        if kind == "many", !file.lines.contains(where: { $0.hasPrefix("-- order:") }) {
            throw SourceFault(place: file.place(1), reason: "returns many rows and has no 'order:' line")
        }
        if kind == "many", !file.lines.contains(where: { $0.hasPrefix("-- limit:") }) {
            throw SourceFault(place: file.place(1), reason: "returns many rows and has no 'limit:' line")
        }
    }

    private mutating func readHeader(_ line: Substring, at place: String) throws {
        let text = line.drop { $0 == " " }
        let words = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        guard let first = words.first else { return }
        if first.hasPrefix("$") {
            guard words.count >= 3, first == "$\(parameters.count + 1)", let type = SQLType(words[2]) else {
                throw SourceFault(place: place, reason: "expected '$\(parameters.count + 1) name type meaning'")
            }
            parameters.append((words[1], type, words.dropFirst(3).joined(separator: " ")))
        } else if first == "returns:" {
            kind = words.dropFirst().joined(separator: " ")
            guard ["one", "optional", "many", "nothing", "copy in", "copy out"].contains(kind) else {
                throw SourceFault(
                    place: place, reason: "expected returns: one, optional, many, nothing, copy in or copy out")
            }
        } else if first == "order:" || first == "limit:" {
            document.append("\(first.prefix(1).uppercased())\(text.dropFirst())")
        } else if !kind.isEmpty, line.hasPrefix("   ") {
            guard words.count >= 2, let type = SQLType(words[1]) else {
                throw SourceFault(place: place, reason: "expected 'column type'")
            }
            columns.append((first, type))
        } else {
            document.append(String(text))
        }
    }
}

// MARK: - Swift

extension StatementFile {
    /// Swift with one function for each file, grouped by topic, and `Queries.all`.
    static func swift(from files: [SourceFile]) throws -> String {
        let statements = try files.map(StatementFile.init)
        let topics = Dictionary(grouping: statements) { $0.file.topics[0] }.sorted { $0.key < $1.key }
        let names = statements.map { "\(pascalCase($0.file.topics[0])).\(camelCase($0.file.name))Statement" }
        let body = topics.map { topic, members in
            """
            extension Queries {
                /// The statements of `queries/\(topic)`.
                public enum \(pascalCase(topic)) {
            \(members.map(\.swift).joined(separator: "\n\n"))
                }
            }
            """
        }
        return """
            // Generated from queries/**/*.sql. Edit those.

            public import FoundationEssentials
            public import Postgres

            extension Queries {
                /// Every statement, in order of topic and name.
                public static let all: [Statement] = [
                    \(names.joined(separator: ",\n        "))
                ]
            }

            \(body.joined(separator: "\n\n"))

            """
    }

    private var function: String { camelCase(file.name) }
    private var row: String { pascalCase(file.name) }

    private var swift: String {
        let quoted = { (text: String) in "\"\(text)\"" }
        let statementKind =
            kind == "copy in" ? "copyIn" : kind == "copy out" ? "copyOut" : kind == "nothing" ? "execute" : kind
        let statement = """
                    static let \(function)Statement = Statement(
                        name: "\(file.topics[0])/\(file.name)",
                        sql: \(literal(sql.joined(separator: "\n"), indent: "                ")),
                        kind: .\(statementKind),
                        parameters: [\(parameters.map { quoted($0.type.written) }.joined(separator: ", "))],
                        columns: [\(columns.map { "(\(quoted($0.name)), \(quoted($0.type.written)))" }.joined(separator: ", "))])
            """
        return [columns.isEmpty ? nil : rowType, functionText, statement].compactMap { $0 }.joined(separator: "\n\n")
    }

    private var rowType: String {
        let properties = columns.map { "            public var \(camelCase($0.name)): \($0.type.swift)" }
        let values = columns.enumerated().map { index, column in
            "\(camelCase(column.name)): try row[\(column.type.isNullable ? "optional: " : "")\(index)]"
        }
        return """
                    /// A row of `\(function)`.
                    public struct \(row): Sendable, Hashable {
            \(properties.joined(separator: "\n"))

                        static func decode(_ row: borrowing Row) throws(PostgresError) -> Self {
                            Self(\(values.joined(separator: ", ")))
                        }
                    }
            """
    }

    private var functionText: String {
        let result =
            switch kind {
            case "nothing": "Command"
            case "copy in", "copy out": "Copy"
            default: "Query<\(row)>"
            }
        let list = parameters.map { "\(camelCase($0.name)): \($0.type.swift)" }.joined(separator: ", ")
        var lines = document.map { "/// \($0)" }
        if !parameters.isEmpty {
            lines.append("///")
            lines.append("/// - Parameters:")
            lines += parameters.map {
                "///   - \(camelCase($0.name)): `\($0.type.written)`\($0.meaning.isEmpty ? "" : "; " + $0.meaning)"
            }
        }
        lines.append("public static func \(function)(\(list)) -> \(result) {")
        if kind.hasPrefix("copy") {
            lines.append("    Copy(statement: \(function)Statement)")
        } else {
            lines.append("    \(parameters.isEmpty ? "let" : "var") bindings = Bindings()")
            lines += parameters.map { "    bindings.append(\(camelCase($0.name)))" }
            let decode = columns.isEmpty ? "" : ", decode: \(row).decode"
            lines.append("    return \(result)(statement: \(function)Statement, bindings: bindings\(decode))")
        }
        lines.append("}")
        return lines.map { "        " + $0 }.joined(separator: "\n")
    }
}
