import DatabaseTesting
import EventLog
import Ingest
import Testing

/// Events in the body of a request.
@Suite(.log) struct PushTests {
    @Test("Each element of a body is answered in order: appended, known, conflict or rejected")
    func outcomes() async throws {
        let log = try await TestLog.open()
        let lines = [
            Lines.line(0), "nonsense", "", Lines.line(1), Lines.line(0), Lines.line(1).replacing("show", with: "list"),
            Lines.line(2).replacing("2026-11-23", with: "2026-11-31"), Lines.line(3),
        ]
        let expected = [
            "appended", "line 2 -", "appended", "known", "conflict", "line 7 time", "appended",
        ]
        let lineOutcomes = try await log.push(text: lines.joined(separator: "\n"), .ndjson)
        #expect(lineOutcomes.map(\.0) == Array(0..<7))
        #expect(lineOutcomes.map(\.1) == expected)
        try await log.expectSound(3)

        let array = "[" + lines.filter { !$0.isEmpty }.joined(separator: ",\n") + "]"
        let arrayOutcomes = try await log.push(text: array, .json)
        #expect(arrayOutcomes.map(\.0) == Array(0..<7))
        #expect(arrayOutcomes.map(\.1) == ["known", "line 2 -", "known", "known", "conflict", "line 6 time", "known"])
        try await log.expectSound(3)
        await log.log.close()
    }

    @Test("A receipt says where the event stands, or what was there before")
    func positions() async throws {
        let log = try await TestLog.open()
        var positions: [Position] = []
        for _ in 0..<2 {
            let stream = AsyncStream { continuation in
                continuation.yield(Array(Lines.text(0..<5).utf8))
                continuation.finish()
            }
            try await Push(log: log.log).append(stream, format: .ndjson) { _, outcome in
                if case .settled(let receipt) = outcome { positions.append(receipt.position) }
            }
        }
        #expect(positions == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4].map { Position(lane: 0, index: $0) })
        await log.log.close()
    }

    @Test("A body without elements has no outcomes", arguments: ["", "\n\n", " [ ] "])
    func empty(text: String) async throws {
        let log = try await TestLog.open()
        #expect(try await log.push(text: text, text.contains("[") ? .json : .ndjson).isEmpty)
        #expect(try await log.push([], .json).isEmpty)
        try await log.expectSound(0)
        await log.log.close()
    }

    @Test("A body of faults only is answered in full")
    func onlyFaults() async throws { try await TestLog.expectOnlyFaults() }

    @Test("Any body in any chunks is answered element by element", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func anyChunks(seed: UInt64) async throws { try await TestLog.expectAnyChunks(seed: seed) }

    @Test("A body of many megabytes is answered in order, element by element")
    func large() async throws {
        let log = try await TestLog.open()
        // Ten submissions and more: the answers of one wait for those before it.
        let text = (0..<120).map { $0 % 7 == 3 ? "nonsense\n" : Lines.line($0, padding: 50_000) + "\n" }.joined()
        let bytes = Array(text.utf8)
        let chunks = stride(from: 0, to: bytes.count, by: 65_536).map { Array(bytes[$0...].prefix(65_536)) }
        let outcomes = try await log.push(chunks, .ndjson)
        #expect(outcomes.map(\.0) == Array(0..<120))
        #expect(outcomes.map(\.1) == (0..<120).map { $0 % 7 == 3 ? "line \($0 + 1) -" : "appended" })
        await log.log.close()
    }

    private struct Broken: Error, Equatable {}

    @Test("What breaks the body off is thrown, and what was answered before stays")
    func brokenBody() async throws {
        let log = try await TestLog.open()
        var outcomes: [String] = []
        let stream = AsyncThrowingStream<[UInt8], any Error> { continuation in
            continuation.yield(Array(Lines.text(0..<3).utf8))
            continuation.finish(throwing: Broken())
        }
        await #expect(throws: Broken.self) {
            try await Push(log: log.log).append(stream, format: .ndjson) { outcomes.append($1.word) }
        }
        let count = try await log.entries().count
        #expect(count >= outcomes.count && outcomes.allSatisfy { $0 == "appended" })
        // Sent again, all of it is in the log exactly once.
        _ = try await log.push(text: Lines.text(0..<3), .ndjson)
        try await log.expectSound(3)
        await log.log.close()
    }

    @Test("A closed log answers nothing and throws")
    func closed() async throws {
        let log = try await TestLog.open()
        await log.log.close()
        await #expect(throws: LogError.closed) { try await log.push(text: Lines.text(0..<3), .ndjson) }
    }
}
