import DatabaseTesting
import Foundation
import Testing

@testable import dossier

/// Where `dossier export --to` writes.
@Suite(.log) struct ExportTargetTests {
    private func fill() async throws -> String {
        let environment = DatabaseTrait.environment
        _ = try await Program.run(["import", "-"], environment: environment, input: Lines.text(0..<30))
        return try await Program.run(["export"], environment: environment).output
    }

    @Test func aFileTakesItsNameOnceItIsWholeAndReplacesAnother() async throws {
        let whole = try await fill()
        try await withDirectory { directory in
            let path = directory + "/export.ndjson"
            try "older".write(toFile: path, atomically: true, encoding: .utf8)
            let outcome = try await Program.run(["export", "--to", path], environment: DatabaseTrait.environment)
            #expect(outcome.status == 0)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == whole)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["export.ndjson"])
        }
    }

    @Test func behindALinkTheFileIsWrittenAndTheLinkStays() async throws {
        let whole = try await fill()
        try await withDirectory { directory in
            let (file, link) = (directory + "/file", directory + "/link")
            try "older".write(toFile: file, atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "file")
            let outcome = try await Program.run(["export", "--to", link], environment: DatabaseTrait.environment)
            #expect(outcome.status == 0)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "file")
            #expect(try String(contentsOfFile: file, encoding: .utf8) == whole)
        }
    }

    @Test func aPipeIsWrittenIntoAndStaysOne() async throws {
        let whole = try await fill()
        try await withDirectory { directory in
            let line =
                "mkfifo \(directory)/pipe && cat \(directory)/pipe & sleep 0.2;"
                + " \(Program.path.shellWord) export --to \(directory)/pipe 2>/dev/null;"
                + " wait; test -p \(directory)/pipe"
            let outcome = try await Program.shell(line, environment: DatabaseTrait.environment)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output == whole)
        }
    }

    @Test func aDeviceIsLeftWhatItIs() async throws {
        _ = try await fill()
        let outcome = try await Program.run(["export", "--to", "/dev/null"], environment: DatabaseTrait.environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
        var status = stat()
        #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
        let full = try await Program.run(["export", "--to", "/dev/full"], environment: DatabaseTrait.environment)
        #expect(full.status == 1)
        #expect(stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test func aFolderIsRefused() async throws {
        try await withDirectory { directory in
            let outcome = try await Program.run(["export", "--to", directory], environment: DatabaseTrait.environment)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("directory"))
        }
    }
}
