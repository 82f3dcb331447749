import Foundation
import Postgres

/// A file of `queries/`, read for the tests alone.
struct QueryFile {
    let topic: String
    let name: String
    let lines: [String]

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func all() throws -> [QueryFile] {
        let folder = root.appending(path: "queries")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".sql") }
        return try paths.sorted().map { path in
            let parts = path.dropLast(4).split(separator: "/").map(String.init)
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            return QueryFile(
                topic: parts.dropLast().joined(separator: "/"), name: parts[parts.count - 1],
                lines: text.split(separator: "\n").map(String.init))
        }
    }

    /// The comments before the statement, without their dashes.
    var header: [String] { lines.prefix { $0.hasPrefix("--") }.map { String($0.dropFirst(2)) } }
    var sql: [String] { Array(lines.drop { $0.hasPrefix("--") }) }
    var id: String { "\(topic)/\(name)" }

    /// `$n name type`, in order.
    var parameters: [(number: Int, name: String, type: String)] {
        header.compactMap { line in
            line.wholeMatch(of: /\s*\$(\d+) (\w+) (\S+)(  .*)?/).map { (Int($0.1)!, String($0.2), String($0.3)) }
        }
    }

    /// The parameters that the statement uses.
    var used: Set<Int> { Set(sql.joined(separator: " ").matches(of: /\$(\d+)/).map { Int($0.1)! }) }

    /// What follows `returns:`, `order:` or `limit:`.
    func value(_ key: String) -> String? {
        header.first { $0.hasPrefix(" \(key): ") }.map { String($0.dropFirst(key.count + 3)) }
    }

    /// Below `returns:`, indented.
    var columns: [(name: String, type: String)] {
        header.compactMap { line in line.wholeMatch(of: /\ \ \ (\w+) (\S+)/).map { (String($0.1), String($0.2)) } }
    }

    /// The lines of prose.
    var document: [String] {
        header.filter { line in
            !line.hasPrefix("   ") && !line.hasPrefix(" $")
                && !["returns", "order", "limit"].contains { line.hasPrefix(" \($0): ") }
        }
    }

    var kind: Statement.Kind? {
        switch value("returns") {
        case "one": .one
        case "optional": .optional
        case "many": .many
        case "nothing": .execute
        case "copy in": .copyIn
        case "copy out": .copyOut
        default: nil
        }
    }
}
