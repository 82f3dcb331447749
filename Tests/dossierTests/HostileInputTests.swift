import Foundation
import Testing

/// What Dossier should never be sent: short forms of what `make fuzz` sends by the million.
@Suite(.timeLimit(.minutes(20))) struct HostileInputTests {
    static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Runs a suite of `Tests/hostile` on the built program; Python's standard library is all it needs.
    private func run(_ suite: String, _ count: Int) async throws -> Program.Outcome {
        let hostile = Self.sources.appending(path: "Tests/hostile").path
        return try await Program.shell(
            "exec python3 -B '\(hostile)' \(suite) --dossier '\(Program.path)' --count \(count)")
    }

    @Test(
        "Of mutated events each refused one is told why, the others are in the log as they should be, without secrets")
    func events() async throws {
        let outcome = try await run("events", 6000)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("6,000 mutated events"))
    }

    @Test("What is no request, or a hostile one, ends nothing, is smuggled nowhere, and is answered with an error")
    func requests() async throws {
        let outcome = try await run("requests", 1000)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("1,000 requests"))
    }

    @Test("No secret that was put in is in any byte that is kept or told, while PostgreSQL is away and after")
    func secrets() async throws {
        let outcome = try await run("secrets", 1)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains("secrets put in"))
    }
}

/// What the page of threats says of tests and limits.
@Suite struct ThreatsPageTests {
    private let page: String

    init() throws {
        page = try String(
            contentsOf: HostileInputTests.sources.appending(path: "Sources/dossier/Documentation.docc/Threats.md"),
            encoding: .utf8)
    }

    @Test func everyTestThatItNamesIsThere() throws {
        let named = Set(page.matches(of: /`(Tests\/[A-Za-z0-9_\/+.]+)`/).map { String($0.1) })
        #expect(named.count > 15)
        for path in named.sorted() {
            let there = FileManager.default.fileExists(atPath: HostileInputTests.sources.appending(path: path).path)
            #expect(there, "\(path) is named and is not there")
        }
    }

    @Test func everyThreatHasAnAnswerAndATest() {
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| **") }
        #expect(rows.count >= 18)
        for row in rows {
            let cells = row.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
            #expect(cells.count == 3, "\(row)")
            #expect(cells.allSatisfy { $0.contains(/\w/) }, "\(row)")
            #expect(cells.last?.contains("Tests/") == true || cells.last?.contains("none") == true, "\(row)")
        }
    }
}
