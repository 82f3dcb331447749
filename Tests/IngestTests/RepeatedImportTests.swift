import DatabaseTesting
import Dispatch
import EventLog
import FoundationEssentials
import Ingest
import Synchronization
import Testing

/// Imports that are repeated, run at once, or are broken off.
@Suite(.log) struct RepeatedImportTests {
    @Test("A repeated import appends nothing")
    func twice() async throws { try await TestLog.expectNothingNew() }

    @Test("An event that stands twice in a file is appended once")
    func twiceInAFile() async throws {
        let log = try await TestLog.open()
        let imported = try await log.load(text: Lines.text(0..<50) + Lines.text(20..<70) + Lines.text(0..<1))
        #expect((imported.report.appended, imported.report.known) == (70, 31))
        try await log.expectSound(70)
        await log.log.close()
    }

    @Test("The same file imported at once by many is appended once", arguments: [1, 4])
    func atOnce(logs: Int) async throws {
        let count = 3000
        try await withFolder { folder in
            let path = folder + "/input"
            try Data(Lines.text(0..<count).utf8).write(to: URL(filePath: path))
            // Each log has writers of its own, as another process has.
            var opened: [TestLog] = []
            for _ in 0..<logs { opened.append(try await TestLog.open()) }
            let reports = try await withThrowingTaskGroup(of: ImportReport.self) { group in
                for index in 0..<4 {
                    let log = opened[index % logs].log
                    group.addTask { try await FileImport(log: log).run(path) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(reports.reduce(0) { $0 + $1.appended } == count)
            #expect(reports.allSatisfy { $0.appended + $0.known == count && $0.conflicts == 0 && $0.faults == 0 })
            try await opened[0].expectSound(count)
            for log in opened { await log.log.close() }
        }
    }

    /// Imports `path` in a task that cancels itself at the first event that is settled.
    private func loadUntilFirstEvent(_ path: String, _ log: Log) async -> Result<ImportReport, any Error> {
        await Task {
            let files = FileImport(
                log: log,
                onProgress: { _, _, events in
                    if events > 0 { withUnsafeCurrentTask { $0?.cancel() } }
                })
            return try await files.run(path)
        }.result
    }

    @Test("An import that is broken off leaves a sound log, and a repeat completes it")
    func cancelled() async throws {
        let log = try await TestLog.open()
        // More than the import holds at once, so that it cannot be done by then.
        let count = 600
        try await withFolder { folder in
            let path = folder + "/input"
            try Data((0..<count).map { Lines.line($0, padding: 60_000) + "\n" }.joined().utf8).write(
                to: URL(filePath: path))
            let result = await loadUntilFirstEvent(path, log.log)
            let error = #expect(throws: IngestError.self) { try result.get() }
            guard case .cancelled = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let entries = try await log.entries()
            #expect(!entries.isEmpty && entries.count < count)
            // What is in the log is the beginning of the file.
            #expect(entries.map(\.requestID) == (0..<entries.count).map { "req-\($0)" })
            try await log.expectSound(entries.count)

            let repeated = try await log.load(file: path)
            #expect((repeated.report.appended, repeated.report.known) == (count - entries.count, entries.count))
            try await log.expectSound(count)
        }
        await log.log.close()
    }

    @Test("An import that waits for a silent pipe can be cancelled")
    func cancelledWhileWaiting() async throws {
        let log = try await TestLog.open()
        let pipe = TestPipe()
        let isReading = Box(Mutex(false))
        let task = Task {
            let files = FileImport(
                log: log.log,
                onProgress: { done, _, _ in
                    if done > 0 { isReading.value.withLock { $0 = true } }
                })
            return try await files.run(pipe.path)
        }
        let isWritten = Box(Mutex(false))
        let over = DispatchSemaphore(value: 0)
        pipe.feed {
            // Two lines, so that the format is clear; then nothing until the test is over.
            if !isWritten.value.withLock({ written in
                defer { written = true }
                return written
            }) {
                return Array(Lines.text(0..<2).utf8)
            }
            over.wait()
            return nil
        }
        try await wait(for: "the import to read") { isReading.value.withLock { $0 } }
        task.cancel()
        let result = await task.result
        over.signal()
        let error = #expect(throws: IngestError.self) { try result.get() }
        guard case .cancelled = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let entries = try await log.entries().count
        #expect(try await log.load(text: Lines.text(0..<2)).report.known == entries)
        try await log.expectSound(2)
        await log.log.close()
    }
}
