import Crypto
import DatabaseTesting
import Foundation
import Postgres
import ShareServers
import Testing

@Suite(.log) struct ImportTests {
    private func run(_ arguments: [String], input: String = "") async throws -> (
        outcome: Program.Outcome, summary: JSON
    ) {
        let outcome = try await Program.run(
            ["import", "--output", "json"] + arguments, environment: DatabaseTrait.environment, input: input)
        return (outcome, try JSON(parsing: outcome.output))
    }

    private var harPath: String {
        URL(filePath: Program.path).deletingLastPathComponent().path(percentEncoded: false)
            + "dossier_dossier.resources/manila.har"
    }

    @Test func repeatingAnImportAppendsNothing() async throws {
        let first = try await run(["-"], input: Lines.text(0..<50))
        #expect(first.outcome.status == 0)
        #expect(first.outcome.errors.isEmpty)
        #expect(first.summary["appended"]?.int == 50)
        let second = try await run(["-"], input: Lines.text(0..<60))
        #expect(second.outcome.status == 0)
        #expect(second.summary["appended"]?.int == 10)
        #expect(second.summary["known"]?.int == 50)
    }

    @Test func whatIsGeneratedIsImportedWithoutAFault() async throws {
        let generated = try await Program.run(["generate", "--events", "3000", "--servers", "40", "--late", "100"])
        #expect(generated.status == 0)
        let (outcome, summary) = try await run(["-"], input: generated.output)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(summary["appended"]?.int == 3000)
        #expect(try await Program.run(["generate", "--events", "0"]).output.isEmpty)
        for wrong in [["--events", "-1"], ["--servers", "0"], ["--late", "1001"], ["--gaps", "-1"]] {
            #expect(try await Program.run(["generate"] + wrong).status == 64)
        }
    }

    @Test func everyShareServerExchangeOfTheCapturedTrafficIsRecordedOnce() async throws {
        let first = try await run([harPath])
        #expect(first.outcome.status == 0, "\(first.outcome.errors)")
        // Counted by path, with another program: 441 of 515.
        #expect(first.summary["exchanges"]?.int == 441)
        #expect(first.summary["skipped"]?.int == 515 - 441)
        let second = try await run(["--format", "har", harPath])
        #expect(second.summary["appended"]?.int == 0)
        #expect(second.summary["known"]?.int == first.summary["appended"]?.int)
        let verify = try await Program.run(["verify"], environment: DatabaseTrait.environment)
        #expect(verify.status == 0, "\(verify.output)")
    }

    @Test func aBadLineIsNamedWithFileLineAndFieldAndTheRestGoesIn() async throws {
        try await withDirectory { directory in
            let path = directory + "/events.ndjson"
            var lines = Lines.events(0..<5)
            lines[1] = "{\"specversion\":\"1.0\",\"broken\u{1B}[2J"
            lines[3] = lines[3].replacing("2026-11-23T", with: "2026-02-30T")
            try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
            let (outcome, summary) = try await run([path])
            #expect(outcome.status == 1)
            #expect(summary["appended"]?.int == 3)
            #expect(summary["faults"]?.int == 2)
            let errors = outcome.errors.split(separator: "\n")
            #expect(errors.count == 2)
            #expect(errors.first?.hasPrefix("\(path):2: ") == true)
            #expect(errors.last?.hasPrefix("\(path):4: time: ") == true)
            #expect(!outcome.errors.contains("\u{1B}"))
        }
    }

    @Test func anIdUsedForOtherContentIsAConflict() async throws {
        _ = try await run(["-"], input: Lines.text(0..<3))
        let changed = Lines.text(0..<3).replacing("req-1", with: "req-9")
        let (outcome, summary) = try await run(["-"], input: changed)
        #expect(outcome.status == 1)
        #expect(summary["conflicts"]?.int == 1)
        #expect(outcome.errors.hasPrefix("standard input:2: id: "))
    }

    @Test func aFileThatCannotBeReadDoesNotKeepTheOthersOut() async throws {
        try await withDirectory { directory in
            let path = directory + "/good.ndjson"
            try Lines.text(0..<4).write(toFile: path, atomically: true, encoding: .utf8)
            let (outcome, summary) = try await run([directory + "/missing", path, directory, "/dev/null"])
            #expect(outcome.status == 1)
            #expect(summary["appended"]?.int == 4)
            #expect(summary["unread"]?.array?.count == 3)
            #expect(outcome.errors.contains(directory + "/missing"))
        }
    }

    @Test func anImportIsSummedUpInOneLine() async throws {
        let outcome = try await Program.run(
            ["import", "-"], environment: DatabaseTrait.environment, input: Lines.text(0..<5))
        #expect(
            outcome.output.wholeMatch(
                of: /5 appended, 0 known, 0 conflicts, 0 faults; [0-9,]+ events\/s in [0-9.]+ m?s\n/) != nil)
    }

    @Test func interruptedItStopsCleanlyAndSaysWhatIsDurable() async throws {
        let outcome = try await Program.runFed(
            ["import", "--output", "json", "-"], environment: DatabaseTrait.environment, lines: { Lines.text($0) },
            until: { try await count() > 0 }, signal: SIGINT)
        #expect(outcome.status == 130, "\(outcome.errors)")
        let summary = try JSON(parsing: outcome.output)
        #expect(summary["interrupted"]?.bool == true)
        let durable = try #require(summary["settled_of_interrupted"]?.int)
        #expect(durable > 0)
        #expect(try await count() >= durable)
        let verify = try await Program.run(["verify"], environment: DatabaseTrait.environment)
        #expect(verify.status == 0, "\(verify.output)")
    }

    private func count() async throws -> Int {
        let outcome = try await Program.run(["export"], environment: DatabaseTrait.environment)
        return outcome.output.utf8.count { $0 == 0x0A }
    }
}

@Suite(.log) struct ExportTests {
    @Test func theLinesAreTheLeaves() async throws {
        let environment = DatabaseTrait.environment
        _ = try await Program.run(["import", "-"], environment: environment, input: Lines.text(0..<300))
        let export = try await Program.run(["export"], environment: environment)
        #expect(export.status == 0)
        let lines = export.output.split(separator: "\n")
        #expect(lines.count == 300)

        // RFC 9162, section 2.1.1, as it is written there: recursively.
        func root(_ leaves: ArraySlice<Substring>) -> [UInt8] {
            if leaves.isEmpty { return Array(SHA256.hash(data: [UInt8]())) }
            if leaves.count == 1 { return Array(SHA256.hash(data: [0] + Array(leaves[leaves.startIndex].utf8))) }
            var half = 1
            while half * 2 < leaves.count { half *= 2 }
            let middle = leaves.startIndex + half
            return Array(SHA256.hash(data: [1] + root(leaves[..<middle]) + root(leaves[middle...])))
        }
        let verify = try await Program.run(["verify"], environment: environment)
        #expect(verify.output.contains("root " + Data(root(lines[...])).base64EncodedString()))

        let again = try await Program.run(["import", "-"], environment: environment, input: export.output)
        #expect(again.output.hasPrefix("0 appended, 300 known"))
    }

    @Test func aRangeCanBeWrittenToAFile() async throws {
        let environment = DatabaseTrait.environment
        _ = try await Program.run(["import", "-"], environment: environment, input: Lines.text(0..<20))
        let all = try await Program.run(["export"], environment: environment).output.split(separator: "\n")
        try await withDirectory { directory in
            let path = directory + "/out.ndjson"
            let outcome = try await Program.run(
                ["export", "--from", "5", "--until", "9", "--to", path], environment: environment)
            #expect(outcome.status == 0)
            #expect(outcome.output.isEmpty)
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(lines == Array(all[5..<9]))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["out.ndjson"])
        }
        let beyond = try await Program.run(["export", "--from", "99"], environment: environment)
        #expect(beyond.status == 0)
        #expect(beyond.output.isEmpty)
    }

    @Test func whoeverHasSeenEnoughMayGo() async throws {
        let environment = DatabaseTrait.environment
        _ = try await Program.run(["import", "-"], environment: environment, input: Lines.text(0..<3000))
        let outcome = try await Program.shell(
            "set -o pipefail; \(Program.path.quoted) export | head -n 1", environment: environment)
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
    }
}

@Suite struct MigrateTests {
    @Test(.database) func aDryRunChangesNothingAndTheRealOneIsDoneOnce() async throws {
        let environment = DatabaseTrait.environment
        let dry = try await Program.run(["migrate", "--dry-run"], environment: environment)
        #expect(dry.status == 0)
        #expect(dry.output.hasPrefix("would apply m001_log\n"))
        let before = try await Program.run(["verify"], environment: environment)
        #expect(before.status == 1)
        #expect(before.errors.contains("dossier migrate"))
        let real = try await Program.run(["migrate", "--lanes", "4"], environment: environment)
        #expect(real.output == dry.output.replacing("would apply", with: "applied"))
        let again = try await Program.run(["migrate"], environment: environment)
        #expect(again.output == "The schema is up to date.\n")
        let verify = try await Program.run(["verify"], environment: environment)
        #expect(verify.output.split(separator: "\n").count == 4)
    }
}
