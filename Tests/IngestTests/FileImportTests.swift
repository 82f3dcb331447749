import DatabaseTesting
import EventLog
import FoundationEssentials
import Synchronization
import Testing

@testable import Ingest

/// Files that hold nothing but events, and inputs that cannot be read.
@Suite(.log) struct FileImportTests {
    /// What the log ought to hold of `numbers`: bodies without the time of recording.
    private func expectHolds(_ numbers: Range<Int>, _ log: TestLog) async throws {
        let bodies = try await log.entries().map { $0.body.replacing(/"recordedtime":"[^"]*",/, with: "") }
        #expect(bodies == numbers.map { Lines.line($0) })
        try await log.expectSound(numbers.count)
    }

    @Test(
        "Every format, line end and spacing gives the same events",
        arguments: [
            (Lines.text(0..<20), .ndjson), (Lines.text(0..<20).replacing("\n", with: "\r\n"), .ndjson),
            (String(Lines.text(0..<20).dropLast()), .ndjson), ("\u{FEFF}" + Lines.text(0..<20), .ndjson),
            ("\n \r\n\n" + Lines.text(0..<20).replacing("\n", with: "\n\n\t\n") + "\n\n", .ndjson),
            (Lines.array(0..<20), .json),
            ("\u{FEFF} \n" + Lines.array(0..<20) + "\n", .json),
            (Lines.array(0..<20).replacing("\":", with: "\" :\n"), .json),
            (Lines.text(0..<20).replacing("{\"data", with: "{\n\"data"), .json),
            (Lines.array(0..<20).replacing("},\n{", with: "} , {"), .json),
        ] as [(String, Format)])
    func formats(text: String, format: Format) async throws {
        let log = try await TestLog.open()
        let imported = try await log.load(text: text)
        #expect(imported.report.format == format)
        #expect(imported.report.appended == 20)
        #expect(imported.report.faults == 0 && imported.faults.isEmpty)
        try await expectHolds(0..<20, log)
        await log.log.close()
    }

    @Test(
        "One object is one event, on one line or on many",
        arguments: [
            Lines.line(3), Lines.line(3) + "\n", Lines.line(3).replacing(",\"", with: ",\n  \""),
            "[" + Lines.line(3) + "]",
        ])
    func one(text: String) async throws {
        let log = try await TestLog.open()
        #expect(try await log.load(text: text).report.appended == 1)
        try await expectHolds(3..<4, log)
        await log.log.close()
    }

    @Test("A report counts bytes, events and what was known, and names the input")
    func report() async throws {
        let log = try await TestLog.open()
        _ = try await log.load(text: Lines.text(0..<5))
        try await withFolder { folder in
            let text = Lines.text(0..<12) + "nonsense\n" + Lines.line(1).replacing("\"show\"", with: "\"list\"") + "\n"
            let path = folder + "/an input.ndjson"
            try Data(text.utf8).write(to: URL(filePath: path))
            let imported = try await log.load(file: path)
            let report = imported.report
            #expect(report.input == path)
            #expect(report.bytes == Int64(text.utf8.count))
            #expect((report.appended, report.known, report.conflicts, report.faults) == (7, 5, 1, 1))
            #expect(report.events == 13)
            #expect((report.exchanges, report.skipped) == (0, 0))
            #expect(report.firstFaults == imported.faults)
            #expect(imported.inputs == [path])
        }
        await log.log.close()
    }

    @Test("An id that is used again for other content is a conflict, and the first content stays")
    func conflict() async throws {
        let log = try await TestLog.open()
        let other = Lines.line(2).replacing("\"show\"", with: "\"list\"")
        let imported = try await log.load(text: Lines.text(0..<4) + "\n" + other + "\n" + Lines.text(4..<6))
        #expect((imported.report.appended, imported.report.conflicts, imported.report.faults) == (6, 1, 0))
        let fault = try #require(imported.faults.first)
        #expect((fault.line, fault.number, fault.attribute) == (6, 4, "id"))
        // The entry that it collides with.
        #expect(fault.reason.contains("0/2"))
        try await expectHolds(0..<6, log)
        await log.log.close()
    }

    @Test("Progress never runs backwards and ends with everything")
    func progress() async throws {
        let log = try await TestLog.open()
        let steps = Box(Mutex<[(done: Int64, of: Int64?, events: Int)]>([]))
        let text = (0..<600).map { Lines.line($0, padding: 60_000) + "\n" }.joined()
        try await withFolder { folder in
            try Data(text.utf8).write(to: URL(filePath: folder + "/input"))
            let files = FileImport(
                log: log.log, onProgress: { done, of, events in steps.value.withLock { $0.append((done, of, events)) } }
            )
            _ = try await files.run(folder + "/input")
        }
        let all = steps.value.withLock { $0 }
        let size = Int64(text.utf8.count)
        #expect(all.allSatisfy { $0.of == size && $0.done <= size })
        #expect(all.map(\.done) == all.map(\.done).sorted())
        #expect(all.map(\.events) == all.map(\.events).sorted())
        #expect(all.last?.done == size && all.last?.events == 600)
        // Long before the end: the file is more than the import holds at once.
        #expect(all.contains { $0.events > 0 && $0.done < size })
        await log.log.close()
    }

    @Test("A pipe that trickles gives what a file gives", arguments: [1, 2] as [UInt64])
    func trickle(seed: UInt64) async throws {
        let log = try await TestLog.open()
        var random = SplitMix(seed: seed)
        let text = "\u{FEFF}" + Lines.text(0..<10) + "nonsense\n\n" + Lines.text(10..<20) + Lines.line(20)
        let chunks = Array(text.utf8).chunks(upTo: 90, using: &random)
        let next = Box(Mutex(0))
        let pipe = TestPipe()
        pipe.feed {
            next.value.withLock { index in
                defer { index += 1 }
                return index < chunks.count ? chunks[index] : nil
            }
        }
        let imported = try await log.load(file: pipe.path)
        #expect((imported.report.appended, imported.report.faults) == (21, 1), "seed \(seed)")
        #expect(imported.faults.first?.line == 11)
        #expect(imported.report.bytes == Int64(text.utf8.count))
        try await expectHolds(0..<21, log)
        await log.log.close()
    }
}
