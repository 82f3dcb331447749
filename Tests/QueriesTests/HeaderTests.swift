import Foundation
import Postgres
import Queries
import Testing

/// That each file of `queries/` says what its statement takes and answers, and that what is generated says the same.
@Suite struct HeaderTests {
    @Test("Every file lies in one topic and is named verb first")
    func names() throws {
        // A new verb needs a word here.
        let verbs = [
            "advance", "swap", "append", "apply", "count", "create", "fetch", "lock", "remove", "revoke", "rewind",
            "unlock",
        ]
        let files = try QueryFile.all()
        #expect(files.count >= 30)
        for file in files {
            #expect(file.topic.wholeMatch(of: /[a-z]+/) != nil, "\(file.id)")
            #expect(file.name.wholeMatch(of: /[a-z]+(_[a-z]+)+/) != nil, "\(file.id)")
            #expect(verbs.contains { file.name.hasPrefix("\($0)_") }, "\(file.id)")
        }
    }

    @Test("Every file says in sentences what its statement is for")
    func documents() throws {
        for file in try QueryFile.all() {
            let text = file.document.joined().drop { $0 == " " }
            #expect(text.first?.isUppercase == true, "\(file.id)")
            #expect(text.hasSuffix("."), "\(file.id)")
            #expect(text.split(separator: " ").count >= 4, "\(file.id)")
        }
    }

    @Test("Every parameter that a statement uses is documented, in order, and no other")
    func parameters() throws {
        for file in try QueryFile.all() {
            let numbers = file.parameters.map(\.number)
            #expect(numbers == Array(1...max(1, numbers.count)).prefix(numbers.count).map { $0 }, "\(file.id)")
            #expect(Set(numbers) == file.used, "\(file.id)")
            #expect(Set(file.parameters.map(\.name)).count == numbers.count, "\(file.id)")
            #expect(file.header.filter { $0.hasPrefix(" $") }.count == numbers.count, "\(file.id)")
        }
    }

    @Test("What answers many rows says in which order, as its statement does, and how many at most")
    func orders() throws {
        for file in try QueryFile.all() where file.kind == .many {
            let order = try #require(file.value("order"), "\(file.id)")
            let limit = try #require(file.value("limit"), "\(file.id)")
            // Without the names of tables, and on one line.
            let sql = file.sql.joined(separator: " ").replacing(/\b[a-z]+\.(?=[a-z_]+\b)/, with: "")
            if order == "none" {
                #expect(!sql.contains("order by"), "\(file.id)")
            } else {
                let columns = order.replacing(/\ (ascending|descending)/, with: "")
                let last = try #require(sql.ranges(of: "order by ").last, "\(file.id)")
                #expect(sql[last.upperBound...].hasPrefix(columns), "\(file.id)")
            }
            if limit.wholeMatch(of: /\$\d+/) != nil {
                #expect(sql.contains("limit \(limit)"), "\(file.id)")
            } else if let match = limit.wholeMatch(of: /(\$\d+) - (\$\d+)/) {
                // A range of positions.
                #expect(sql.contains("position >= \(match.2) and position < \(match.1)"), "\(file.id)")
            } else {
                // Few by nature: the header says why.
                #expect(limit.split(separator: " ").count >= 4, "\(file.id)")
            }
        }
    }

    @Test("What only fetches or counts writes nothing, and every file holds one statement")
    func effects() throws {
        for file in try QueryFile.all() {
            let sql = file.sql.filter { !$0.drop { $0 == " " }.hasPrefix("--") }.joined(separator: " ")
            #expect(!sql.contains(";"), "\(file.id)")
            let writes = sql.firstMatch(
                of: /\b(insert into|update|delete from|copy|truncate|pg_notify|nextval|create_\w+\()/)
            let isReading = file.name.hasPrefix("fetch_") || file.name.hasPrefix("count_")
            if isReading { #expect(writes == nil && !sql.contains("for update"), "\(file.id)") }
            // What would make an order of the time of commit, or a position with gaps.
            #expect(sql.firstMatch(of: /\b(now\(\)|current_timestamp|nextval)/) == nil, "\(file.id)")
        }
    }

    @Test("What is generated has each file's name, kind, parameters, columns and statement")
    func generated() throws {
        let files = try QueryFile.all()
        #expect(Queries.all.map(\.name).sorted() == files.map(\.id).sorted())
        for file in files {
            let statement = try #require(Queries.all.first { $0.name == file.id })
            #expect(statement.kind == file.kind, "\(file.id)")
            #expect(statement.parameters == file.parameters.map(\.type), "\(file.id)")
            #expect(statement.columns.map(\.name) == file.columns.map(\.name), "\(file.id)")
            #expect(statement.columns.map(\.type) == file.columns.map(\.type), "\(file.id)")
            let lines = statement.sql.split(separator: "\n").map(String.init)
            #expect(lines == file.sql, "\(file.id)")
        }
    }

    @Test("Every statement is run by the program")
    func used() throws {
        var sources = ""
        for folder in ["Sources", "schema"] {
            let folder = QueryFile.root.appending(path: folder)
            for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where path.hasSuffix(".swift")
            {
                sources += try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            }
        }
        for file in try QueryFile.all() {
            let words = file.name.split(separator: "_")
            let function = words[0] + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
            let call = "Queries.\(file.topic.prefix(1).uppercased() + file.topic.dropFirst()).\(function)("
            #expect(sources.contains(call), "\(call) is not to be found")
        }
    }
}
