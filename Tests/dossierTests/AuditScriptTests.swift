import Foundation
import Testing

/// The script of the page on integrity, as an auditor would run it.
@Suite(.log, .timeLimit(.minutes(20))) struct AuditScriptTests {
    /// The only block of Python of the page.
    private static func script() throws -> String {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/dossier/Documentation.docc/Integrity.md").standardizedFileURL
        let text = try String(contentsOf: page, encoding: .utf8)
        let blocks = text.split(separator: "```python\n", omittingEmptySubsequences: false).dropFirst()
        try #require(blocks.count == 1)
        return String(blocks.first!.prefix(upTo: blocks.first!.range(of: "```")!.lowerBound))
    }

    @Test func theScriptIsShortAndNeedsTheStandardLibraryOnly() throws {
        let script = try Self.script()
        #expect(script.split(separator: "\n").count <= 45)
        #expect(script.matches(of: /\bimport\b.*/).map { String($0.0) } == ["import base64, hashlib, sys"])
    }

    @Test func itAcceptsWhatWasSignedAndNothingElse() async throws {
        try await SignedLog.with(0..<300) { log in
            try await log.sign()
            try await log.append(300..<303)
            _ = try await log.run(["export", "--to", log.export])
            let audit = log.directory + "/audit.py"
            try Self.script().write(toFile: audit, atomically: true, encoding: .utf8)
            func run(_ key: String? = nil, checkpoint: String? = nil) async throws -> Program.Outcome {
                let words = [
                    "python3", audit, log.export, checkpoint ?? log.checkpoint, key ?? log.verifierKey,
                ]
                return try await Program.shell(words.map(\.quoted).joined(separator: " "))
            }
            let good = try await run()
            #expect(good.status == 0, "\(good.errors)")
            #expect(good.output == "300 entries are those that \(SignedLog.origin) signed\n")
            // The last of the file that Dossier keeps.
            #expect(try await log.run(["checkpoint"]).status == 0)
            let last = try await run(checkpoint: log.file)
            #expect(last.output == "303 entries are those that \(SignedLog.origin) signed\n", "\(last.errors)")

            let export = try Data(contentsOf: URL(filePath: log.export))
            let lines = export.split(separator: 0x0A).map { Array($0) + [0x0A] }
            var changed = export
            changed[export.count / 2] ^= 1
            var (without, swapped) = (lines, lines)
            without.remove(at: 17)
            swapped.swapAt(17, 18)
            let others = [without, swapped, Array(lines[..<299]), []].map { Data($0.flatMap { $0 }) }
            for bad in [changed] + others {
                try bad.write(to: URL(filePath: log.export))
                let outcome = try await run()
                #expect(outcome.status == 1 && outcome.output.isEmpty)
                #expect(outcome.errors == "the entries are not those that were signed\n")
            }
            try export.write(to: URL(filePath: log.export))

            let other = try await Program.run([
                "keys", "generate", "--origin", SignedLog.origin, log.directory + "/other.key",
            ])
            let wrong = try await run(other.output.trimmingCharacters(in: .newlines))
            #expect(wrong.status == 1 && wrong.errors == "not signed by this key\n")
            let checkpoint = try String(contentsOfFile: log.checkpoint, encoding: .utf8)
            try checkpoint.replacing("\n300\n", with: "\n299\n")
                .write(toFile: log.checkpoint, atomically: true, encoding: .utf8)
            let edited = try await run()
            #expect(edited.status == 1 && edited.errors == "not signed by this key\n")
        }
    }
}
