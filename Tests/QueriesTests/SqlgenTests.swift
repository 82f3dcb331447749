import Foundation
import Testing

/// What `sqlgen` says of SQL that it cannot turn into Swift: the file, the line, and what was expected.
@Suite(.enabled(if: Sqlgen.path != nil)) struct SqlgenTests {
    struct Bad: Sendable, CustomTestStringConvertible {
        let lines: [String]
        /// Nil where no line is to blame.
        let line: Int?
        let reason: String
        var path = "topic/fetch_things.sql"
        var testDescription: String { "\(path):\(line.map(String.init) ?? "") \(reason)" }

        init(_ lines: [String], line: Int?, _ reason: String, path: String = "topic/fetch_things.sql") {
            (self.lines, self.line, self.reason, self.path) = (lines, line, reason, path)
        }
    }

    private static let purpose = "-- The things."
    private static let many = [purpose, "-- returns: many", "--   id uuid"]
    private static let select = "select id from things"

    private static let headers = [
        Bad([purpose, "-- $2 id uuid", "-- returns: nothing", select], line: 2, "expected '$1 name type meaning'"),
        Bad(
            [purpose, "-- $1 id uuid", "-- $1 id uuid", "-- returns: nothing", select], line: 3,
            "expected '$2 name type meaning'"),
        Bad([purpose, "-- $1 id varchar", "-- returns: nothing", select], line: 2, "'$1 name type meaning'"),
        Bad([purpose, "-- $1 id", "-- returns: nothing", select], line: 2, "'$1 name type meaning'"),
        Bad([purpose, "", "-- $1 id uuid[]?[]", "-- returns: nothing", select], line: 3, "'$1 name type meaning'"),
        Bad([purpose, "-- returns: several", select], line: 2, "one, optional, many, nothing, copy in or copy out"),
        Bad([purpose, "-- returns:", select], line: 2, "one, optional, many, nothing, copy in or copy out"),
        Bad([purpose, "-- returns: one", "--   id", select], line: 3, "expected 'column type'"),
        Bad([purpose, "-- returns: one", "--   id uuid", "--   at date", select], line: 4, "expected 'column type'"),
    ]
    private static let wholes = [
        Bad([purpose, select], line: 1, "has no 'returns:' line"),
        Bad(["-- returns: nothing", select], line: 1, "says not what it is for"),
        Bad([select], line: 1, "says not what it is for"),
        Bad([purpose, "-- returns: one", select], line: 1, "'returns: one' does not fit 0 columns"),
        Bad([purpose, "-- returns: many", select], line: 1, "'returns: many' does not fit 0 columns"),
        Bad(
            [purpose, "-- returns: nothing", "--   id uuid", select], line: 1,
            "'returns: nothing' does not fit 1 columns"),
        Bad(many + ["-- limit: 1", select], line: 1, "has no 'order:' line"),
        Bad(many + ["-- order: id ascending", select], line: 1, "has no 'limit:' line"),
        Bad([purpose, "-- returns: nothing"], line: nil, "holds no statement"),
        Bad([purpose, "-- returns: nothing", " ", ";", ""], line: nil, "holds no statement"),
        Bad([], line: nil, "holds no statement"),
        Bad([purpose, "-- returns: nothing", "select '\"\"\"##'"], line: nil, "holds \"\"\"##"),
        Bad(
            [purpose, "-- returns: nothing", select], line: nil, "queries/<topic>/verb_noun.sql",
            path: "fetch_things.sql"),
        Bad(
            [purpose, "-- returns: nothing", select], line: nil, "queries/<topic>/verb_noun.sql",
            path: "topic/other/fetch_things.sql"),
    ]

    @Test("A bad statement is an error with its file, its line and what was expected", arguments: headers + wholes)
    func queries(bad: Bad) async throws {
        let outcome = try await Sqlgen.run("Queries", [(bad.path, Array(bad.lines.joined(separator: "\n").utf8))])
        #expect(outcome.status == 1)
        let place = "\(outcome.folder)/\(bad.path)" + (bad.line.map { ":\($0)" } ?? "")
        #expect(outcome.errors.hasPrefix("\(place): error: "), "\(outcome.errors)")
        #expect(outcome.errors.contains(bad.reason), "\(outcome.errors)")
        // One line, as a compiler's, so that editors find the place.
        #expect(outcome.errors.filter { $0 == "\n" }.count == 1)
        #expect(outcome.output == nil)
    }

    @Test("A bad file among good ones is the one that is named")
    func among() async throws {
        let good = Array("-- The things.\n-- returns: nothing\nselect 1\n".utf8)
        let bad = Array("-- The things.\n-- returns: nothing at all\nselect 1\n".utf8)
        let outcome = try await Sqlgen.run(
            "Queries", [("topic/apply_a.sql", good), ("topic/apply_b.sql", bad), ("topic/apply_c.sql", good)])
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("\(outcome.folder)/topic/apply_b.sql:2: error: "), "\(outcome.errors)")
    }

    @Test("Bytes that are no UTF-8, a file that is not there and one outside of the folder are errors")
    func unreadable() async throws {
        let bytes = try await Sqlgen.run("Queries", [("topic/apply_a.sql", [0x2D, 0x2D, 0x20, 0xFF, 0x0A])])
        #expect(bytes.status == 1)
        #expect(bytes.errors.contains("topic/apply_a.sql: error: is not UTF-8"), "\(bytes.errors)")
        let outside = try await Sqlgen.run("Queries", [("topic/apply_a.sql", Array("x".utf8))], below: "elsewhere")
        #expect(outside.status == 1)
        #expect(outside.errors.contains("apply_a.sql: error: lies outside"), "\(outside.errors)")
        let absent = "/nonexistent-\(UUID().uuidString)"
        let missing = try await Sqlgen.run(
            "Queries", [], arguments: ["Queries", absent, absent + "/out.swift", absent + "/topic/apply_a.sql"])
        #expect(missing.status == 1)
        #expect(missing.errors.contains("error: "), "\(missing.errors)")
    }

    @Test(
        "Migrations that are misnamed, missing or numbered twice are errors that name the file",
        arguments: [
            (["001_log.sql"], "001_log.sql", "like m001_log.sql"), (["m1_log.sql"], "m1_log.sql", "like m001_log.sql"),
            (["m001.sql"], "m001.sql", "like m001_log.sql"), (["m001_.sql"], "m001_.sql", "like m001_log.sql"),
            (["m001log.sql"], "m001log.sql", "like m001_log.sql"),
            (["mabc_log.sql"], "mabc_log.sql", "like m001_log.sql"),
            (["m002_log.sql"], "m002_log.sql", "expected number 1"),
            (["m000_log.sql"], "m000_log.sql", "expected number 1"),
            (["m001_a.sql", "m003_c.sql"], "m003_c.sql", "expected number 2"),
            (["m001_a.sql", "m001_b.sql"], "m001_b.sql", "expected number 2"),
        ])
    func migrations(names: [String], named: String, reason: String) async throws {
        let outcome = try await Sqlgen.run("Schema", names.map { ($0, Array("select 1;\n".utf8)) })
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("\(outcome.folder)/\(named): error: "), "\(outcome.errors)")
        #expect(outcome.errors.contains(reason), "\(outcome.errors)")
        #expect(outcome.output == nil)
    }

    @Test("Too few arguments show the usage, and an unknown target what there is")
    func usage() async throws {
        let few = try await Sqlgen.run("", [], arguments: ["Queries"])
        #expect(few.status == 64)
        #expect(few.errors.contains("usage: sqlgen TARGET FOLDER OUTPUT FILE"))
        let unknown = try await Sqlgen.run("Tables", [])
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("Tables: error: ") && unknown.errors.contains("Schema or Queries"))
    }
}
