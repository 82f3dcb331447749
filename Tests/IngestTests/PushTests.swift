import DatabaseTesting
import EventLog
import Ingest
import Testing

/// Events in the body of a request.
@Suite(.log) struct PushTests {
    /// What became of one element, in a word.
    private func word(_ outcome: Push.Outcome) -> String {
        switch outcome {
        case .settled(let receipt): "\(receipt.outcome)"
        case .rejected(let fault): "line \(fault.line) \(fault.attribute ?? "-")"
        }
    }

    private func push(_ chunks: [[UInt8]], _ format: Format, to log: TestLog) async throws -> [(Int, String)] {
        var outcomes: [(Int, String)] = []
        let stream = AsyncStream { continuation in
            for chunk in chunks { continuation.yield(chunk) }
            continuation.finish()
        }
        try await Push(log: log.log).append(stream, format: format) { outcomes.append(($0, word($1))) }
        return outcomes
    }

    private func push(_ text: String, _ format: Format, to log: TestLog) async throws -> [(Int, String)] {
        try await push([Array(text.utf8)], format, to: log)
    }

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
        let lineOutcomes = try await push(lines.joined(separator: "\n"), .ndjson, to: log)
        #expect(lineOutcomes.map(\.0) == Array(0..<7))
        #expect(lineOutcomes.map(\.1) == expected)
        try await log.expectSound(3)

        let array = "[" + lines.filter { !$0.isEmpty }.joined(separator: ",\n") + "]"
        let arrayOutcomes = try await push(array, .json, to: log)
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
        #expect(try await push(text, text.contains("[") ? .json : .ndjson, to: log).isEmpty)
        #expect(try await push([], .json, to: log).isEmpty)
        try await log.expectSound(0)
        await log.log.close()
    }

    private func expectOnlyFaults() async throws {
        let log = try await TestLog.open()
        let outcomes = try await push(String(repeating: "{}\n", count: 5), .ndjson, to: log)
        #expect(outcomes.map(\.0) == Array(0..<5))
        #expect(outcomes.map(\.1) == (1...5).map { "line \($0) specversion" })
        try await log.expectSound(0)
        await log.log.close()
    }

    @Test("A body of faults only is answered in full")
    func onlyFaults() async throws { try await expectOnlyFaults() }

    @Test("A body of faults only is answered in full where there are many lanes", .logOfLanes)
    func onlyFaultsInLanes() async throws { try await expectOnlyFaults() }

    /// A body of many kinds of elements and what is to become of each, in a log that has none of them yet.
    private func mixture(_ count: Int, using random: inout SplitMix) -> (lines: [String], expected: [String]) {
        var (lines, expected, appended): ([String], [String], Set<Int>) = ([], [], [])
        for line in 1...count {
            let number = Int.random(in: 0..<count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                lines.append("{\"specversion\":\"1.0\"}")
                expected.append("line \(line) id")
            case 1 where appended.contains(number):
                lines.append(Lines.line(number).replacing("show", with: "list"))
                expected.append("conflict")
            default:
                lines.append(Lines.line(number))
                expected.append(appended.insert(number).inserted ? "appended" : "known")
            }
        }
        return (lines, expected)
    }

    private func expectAnyChunks(seed: UInt64) async throws {
        let log = try await TestLog.open()
        var random = SplitMix(seed: seed)
        let (lines, expected) = mixture(400, using: &random)
        let isArray = random.chance(50)
        let text = isArray ? "[" + lines.joined(separator: ",\n") + "]" : lines.joined(separator: "\r\n")
        let chunks = Array(text.utf8).chunks(upTo: random.pick([7, 300, 100_000]), using: &random)
        let outcomes = try await push(chunks, isArray ? .json : .ndjson, to: log)
        #expect(outcomes.map(\.0) == Array(0..<400), "seed \(seed)")
        #expect(outcomes.map(\.1) == expected, "seed \(seed)")
        try await log.expectSound(expected.count { $0 == "appended" })
        await log.log.close()
    }

    @Test("Any body in any chunks is answered element by element", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func anyChunks(seed: UInt64) async throws { try await expectAnyChunks(seed: seed) }

    @Test(
        "Any body is answered element by element where there are many lanes", .logOfLanes,
        arguments: [6, 7, 8] as [UInt64])
    func anyChunksInLanes(seed: UInt64) async throws { try await expectAnyChunks(seed: seed) }

    @Test("A body of many megabytes is answered in order, element by element")
    func large() async throws {
        let log = try await TestLog.open()
        // Ten submissions and more: the answers of one wait for those before it.
        let text = (0..<120).map { $0 % 7 == 3 ? "nonsense\n" : Lines.line($0, padding: 50_000) + "\n" }.joined()
        let outcomes = try await push(
            stride(from: 0, to: text.utf8.count, by: 65_536).map {
                Array(text.utf8.dropFirst($0).prefix(65_536))
            }, .ndjson, to: log)
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
            try await Push(log: log.log).append(stream, format: .ndjson) { outcomes.append(word($1)) }
        }
        let count = try await log.entries().count
        #expect(count >= outcomes.count && outcomes.allSatisfy { $0 == "appended" })
        // Sent again, all of it is in the log exactly once.
        _ = try await push(Lines.text(0..<3), .ndjson, to: log)
        try await log.expectSound(3)
        await log.log.close()
    }

    @Test("A closed log answers nothing and throws")
    func closed() async throws {
        let log = try await TestLog.open()
        await log.log.close()
        await #expect(throws: LogError.closed) { try await push(Lines.text(0..<3), .ndjson, to: log) }
    }
}
