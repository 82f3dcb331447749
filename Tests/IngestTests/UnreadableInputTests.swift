import DatabaseTesting
import EventLog
import Foundation
import Ingest
import Testing

/// Inputs that cannot be opened, read or recognised.
@Suite(.log) struct UnreadableInputTests {
    /// Expects that the import of `path` fails as unreadable, naming it.
    private func expectUnreadable(_ path: String) async throws {
        let log = try await TestLog.open()
        let error = await #expect(throws: IngestError.self) { try await log.load(file: path) }
        guard case .unreadable(let input, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(input == path)
        #expect(!reason.isEmpty)
        #expect("\(IngestError.unreadable(input: input, reason: reason))".contains(path))
        try await log.expectSound(0)
        await log.log.close()
    }

    @Test("A file that is not there is unreadable")
    func missing() async throws {
        try await withFolder { try await expectUnreadable($0 + "/missing") }
    }

    @Test("A folder is unreadable")
    func folder() async throws {
        try await withFolder { try await expectUnreadable($0) }
    }

    @Test("A link that leads to itself is unreadable")
    func loop() async throws {
        try await withFolder { folder in
            try FileManager.default.createSymbolicLink(atPath: folder + "/loop", withDestinationPath: folder + "/loop")
            try await expectUnreadable(folder + "/loop")
        }
    }

    @Test("A path through a file is unreadable, and so is a name that is too long")
    func path() async throws {
        try await withFolder { folder in
            try Data("{}".utf8).write(to: URL(filePath: folder + "/file"))
            try await expectUnreadable(folder + "/file/more")
            try await expectUnreadable(folder + "/" + String(repeating: "x", count: 300))
        }
    }

    @Test("A file that may not be read is unreadable", .enabled(if: geteuid() != 0, "root may read everything"))
    func permission() async throws {
        try await withFolder { folder in
            try Data(Lines.text(0..<3).utf8).write(to: URL(filePath: folder + "/secret"))
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: folder + "/secret")
            try await expectUnreadable(folder + "/secret")
        }
    }

    #if os(Linux)
        @Test("A file that fails while it is read is unreadable")
        func readError() async throws {
            // Address 0 of a process is never mapped: EIO.
            try await expectUnreadable("/proc/self/mem")
        }
    #endif

    @Test(
        "What is empty or binary is not recognised, and nothing is appended",
        arguments: [
            [], Array("\n \r\n".utf8), [0xEF, 0xBB, 0xBF], [0x1F, 0x8B, 0x08, 0x00], [0xFF, 0xFE, 0x7B, 0x00],
            [0x7F, 0x45, 0x4C, 0x46, 0x02, 0x01, 0x01, 0x00, 0x00], Array(repeating: 0, count: 10_000),
            (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 1) }.filter { $0 != 0x0A },
        ] as [[UInt8]])
    func notRecognised(bytes: [UInt8]) async throws {
        let log = try await TestLog.open()
        let error = await #expect(throws: IngestError.self) { try await log.load(bytes: bytes) }
        guard case .notRecognised(let input, let hint) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(input.hasSuffix("/input") && !hint.isEmpty)
        try await log.expectSound(0)
        await log.log.close()
    }

    @Test(
        "A format that is named is not argued with",
        arguments: [
            // An array, read as lines.
            (Lines.array(0..<3), .ndjson, 0), ("[\n" + Lines.text(0..<3) + "]", .ndjson, 3),
            (Lines.text(0..<3), .json, 3),
            (Lines.array(0..<3), .json, 3), (Lines.text(0..<3), .har, 0),
            (Lines.line(0).replacing(",\"", with: ",\n\""), .json, 1),
            ("\u{FEFF}" + Lines.text(0..<3), .json, 3),
            // Beginnings that are none of the formats.
            (String(repeating: "\u{1}", count: 5000) + "\n" + Lines.text(0..<3), .ndjson, 3),
            ("\u{1}\n\n" + Lines.text(0..<3), .ndjson, 3),
            ("[\"\(String(repeating: "\u{1}", count: 5000))\"," + Lines.line(0) + "]", .json, 1),
            (String(repeating: "\n", count: 5000) + Lines.text(0..<3), .ndjson, 3),
        ] as [(String, Format, Int)])
    func namedFormat(text: String, format: Format, appended: Int) async throws {
        let log = try await TestLog.open()
        let imported = try await log.load(text: text, format: format)
        #expect(imported.report.format == format)
        #expect(imported.report.appended == appended)
        try await log.expectSound(appended)
        await log.log.close()
    }

    @Test("Blank lines before the first event do not make a file empty")
    func blankBeginning() async throws {
        let log = try await TestLog.open()
        let imported = try await log.load(text: String(repeating: "\n", count: 5000) + Lines.text(0..<3))
        #expect(imported.report.appended == 3)
        await log.log.close()
    }

    @Test("A log that is closed takes nothing, and the import says so")
    func closedLog() async throws {
        let log = try await TestLog.open()
        await log.log.close()
        let error = await #expect(throws: IngestError.self) { try await log.load(text: Lines.text(0..<3)) }
        guard case .log(.closed) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
