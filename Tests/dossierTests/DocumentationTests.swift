import Foundation
import Testing

@testable import dossier

/// What the pages show is what the program says.
@Suite struct DocumentationTests {
    /// A command of a page and what the page says that it answers.
    struct Example: CustomTestStringConvertible {
        let page: String
        let command: String
        let output: String
        var testDescription: String { "\(page): \(command)" }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../..").standardizedFileURL

    /// The commands of all blocks of a page that are marked as `console`.
    private static func examples(_ page: String) throws -> [Example] {
        let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
        var examples: [Example] = []
        for block in text.split(separator: "```console\n", omittingEmptySubsequences: false).dropFirst() {
            let shown = block.prefix(upTo: block.range(of: "```")?.lowerBound ?? block.endIndex)
            for part in ("\n" + shown).split(separator: "\n$ ").filter({ $0.hasPrefix("dossier ") }) {
                let lines = part.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
                examples.append(
                    Example(
                        page: page, command: String(lines[0]),
                        output: lines.dropFirst().joined().trimmingCharacters(in: .newlines)))
            }
        }
        return examples
    }

    @Test("Every command of the pages is answered as they show", .timeLimit(.minutes(20)))
    func examples() async throws {
        let examples =
            try Self.examples("README.md")
            + Self.examples("Sources/dossier/Documentation.docc/Questions.md")
        #expect(examples.count >= 14)
        try await withDirectory { directory in
            let up = try await RunningProgram.start(
                ["up", "--sample", "--data", directory + "/data", "--listen", "127.0.0.1:0"], ready: "http-status 4xx")
            let url = try #require(up.output.firstMatch(of: /Dossier answers at (http:\/\/127\.0\.0\.1:[0-9]+)/)?.1)
            for example in examples {
                let line = Program.path.shellWord + example.command.dropFirst("dossier".count)
                let outcome = try await Program.shell(line, environment: ["DOSSIER_URL": String(url)])
                #expect(outcome.status == 0, "\(example): \(outcome.errors)")
                let said = (outcome.output + outcome.errors).trimmingCharacters(in: .newlines)
                #expect(said == example.output, "\(example) says:\n\(said)")
            }
            #expect(try await up.end(SIGTERM) == 0)
        }
    }

    @Test("Every statement that a page names is there, and every statement that answers a question is named")
    func statements() throws {
        let page = "Sources/dossier/Documentation.docc/Questions.md"
        let text = try String(contentsOf: Self.root.appending(path: page), encoding: .utf8)
        let named = Set(text.matches(of: /\b(fetch_[a-z_]+)\.sql/).map { String($0.1) })
        var there: Set<String> = []
        for topic in ["conformance", "coverage", "errors", "metrics", "servers"] {
            let folder = Self.root.appending(path: "queries/\(topic)").path
            for file in try FileManager.default.contentsOfDirectory(atPath: folder) where file.hasSuffix(".sql") {
                there.insert(String(file.dropLast(4)))
            }
        }
        #expect(named.subtracting(there) == [])
        // Of one server: part of the answers to the questions about all of them. Details: in Manila's shapes.
        #expect(there.subtracting(named) == ["fetch_details", "fetch_server", "fetch_server_at"])
    }
}
