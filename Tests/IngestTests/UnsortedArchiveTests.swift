import DatabaseTesting
import EventLog
import Foundation
import Ingest
import ShareServers
import Testing

/// Archives whose entries are not in the order of time.
@Suite(.log, .timeLimit(.minutes(20))) struct UnsortedArchiveTests {
    /// The bodies of the events of a source, without what that source and the moment of the import make of them.
    private func bodies(_ log: TestLog, of source: String) async throws -> [[String: JSON]] {
        try await log.entries().compactMap { entry in
            guard var body = try JSON(parsing: entry.body).object, body["source"]?.string == source else { return nil }
            for name in ["id", "source", "recordedtime"] { body[name] = nil }
            return body
        }
    }

    @Test("In whatever order its entries stand, a capture gives the same events", arguments: 0..<4)
    func shuffled(seed: UInt64) async throws {
        let log = try await TestLog.open()
        let sorted = try await log.load(file: ManilaTraffic.path, source: "/sorted").report
        #expect(sorted.appended == 532)
        var texts = try ManilaTraffic.texts()
        var random = SplitMix(seed: seed)
        if seed == 0 { texts.reverse() } else { texts.shuffle(using: &random) }
        let archive = Archive.text(texts)
        let shuffled = try await log.load(text: archive, source: "/shuffled").report
        #expect((shuffled.appended, shuffled.exchanges, shuffled.skipped) == (532, 441, 74))
        #expect(try await bodies(log, of: "/shuffled") == bodies(log, of: "/sorted"))

        // Under the source of the sorted one, nothing of it is new.
        let again = try await log.load(text: archive, source: "/sorted").report
        #expect((again.appended, again.known, again.exchanges, again.skipped) == (0, 532, 441, 74))
        await log.log.close()
    }

    @Test("Entries that are shuffled tell the statuses in the order of time, and are repeated without effect")
    func statuses() async throws {
        let log = try await TestLog.open()
        var texts = try ManilaTraffic.texts()
        var random = SplitMix(seed: 11)
        texts.shuffle(using: &random)
        let first = try await log.load(text: Archive.text(texts)).report
        #expect((first.appended, first.exchanges, first.skipped) == (532, 441, 74))
        #expect(try await log.statuses() == ManilaTraffic().statuses())
        let again = try await log.load(text: Archive.text(texts)).report
        #expect((again.appended, again.known) == (0, 532))
        await log.log.close()
    }

    @Test("A fault has the number and the line of its entry, wherever its time would have it")
    func faults() async throws {
        let log = try await TestLog.open()
        var entries = (0..<20).map { Archive.show(1, $0 < 10 ? "active" : "error", at: 100 - $0) }
        entries[3] = entries[3].with("request.url", "ftp://x/v2/share-servers")
        entries[12] = entries[12].with("startedDateTime", "yesterday")
        let imported = try await log.load(text: Archive.text(try entries.map { try Archive.text($0) }))
        // Entry n stands on line n + 2.
        #expect(imported.faults.map(\.number) == [3, 12])
        #expect(imported.faults.map(\.line) == [5, 14])
        #expect((imported.report.exchanges, imported.report.faults) == (18, 2))
        #expect(try await log.statuses() == [Archive.servers[1]: ["error", "active"]])
        await log.log.close()
    }

    @Test("An import of an unsorted archive that is broken off is completed by a repeat")
    func cancelled() async throws {
        let log = try await TestLog.open()
        // More than waits for the log at once, so that it cannot be done when the first of it is settled.
        let count = 300
        let padding = String(repeating: "x", count: 60_000)
        var entries = try (0..<count).map { second in
            let status = second % 2 == 0 ? "active" : "error"
            let answer =
                #"{"share_server": {"id": "\#(Archive.servers[1])", "status": "\#(status)", "x": "\#(padding)"}}"#
            return try Archive.text(
                Archive.show(1, status, at: second).with("response.content.text", answer))
        }
        var random = SplitMix(seed: 3)
        entries.shuffle(using: &random)
        try await withFolder { folder in
            let path = folder + "/input"
            try Data(Archive.text(entries).utf8).write(to: URL(filePath: path))
            let result = await Task {
                let files = FileImport(
                    log: log.log,
                    onProgress: { _, _, events in
                        if events > 0 { withUnsafeCurrentTask { $0?.cancel() } }
                    })
                return try await files.run(path)
            }.result
            #expect(throws: IngestError.self) { try result.get() }
            let stored = try await log.entries()
            let calls = stored.filter { $0.type == EventType.call }
            #expect(!calls.isEmpty && calls.count < count)
            // What is in the log are the earliest exchanges.
            #expect(calls.map(\.requestID) == (0..<calls.count).map { "req-\($0)" })

            // Each exchange is a call and, since its status differs from the last, a status.
            let repeated = try await log.load(file: path).report
            #expect((repeated.appended, repeated.known) == (2 * count - stored.count, stored.count))
            let expected = (0..<count).map { $0 % 2 == 0 ? "active" : "error" }
            #expect(try await log.statuses() == [Archive.servers[1]: expected])
            try await log.expectSound(2 * count)
        }
        await log.log.close()
    }
}
