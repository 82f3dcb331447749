import EventLog
import Ingest
import Testing

extension Push.Outcome {
    /// What became of one element, in a word.
    var word: String {
        switch self {
        case .settled(let receipt): "\(receipt.outcome)"
        case .rejected(let fault): "line \(fault.line) \(fault.attribute ?? "-")"
        }
    }
}

extension TestLog {
    /// Pushes a body; answers the number of each element and what became of it.
    func push(_ chunks: [[UInt8]], _ format: Format) async throws -> [(Int, String)] {
        var outcomes: [(Int, String)] = []
        let stream = AsyncStream { continuation in
            for chunk in chunks { continuation.yield(chunk) }
            continuation.finish()
        }
        try await Push(log: log).append(stream, format: format) { outcomes.append(($0, $1.word)) }
        return outcomes
    }

    func push(text: String, _ format: Format) async throws -> [(Int, String)] {
        try await push([Array(text.utf8)], format)
    }

    // MARK: - Laws, whatever the number of lanes

    static func expectOnlyFaults() async throws {
        let log = try await TestLog.open()
        let outcomes = try await log.push(text: String(repeating: "{}\n", count: 5), .ndjson)
        #expect(outcomes.map(\.0) == Array(0..<5))
        #expect(outcomes.map(\.1) == (1...5).map { "line \($0) specversion" })
        try await log.expectSound(0)
        await log.log.close()
    }

    /// Lines of many kinds, and what is to become of each in a log that has none of them yet.
    private static func mixture(_ count: Int, using random: inout SplitMix) -> (lines: [String], expected: [String]) {
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

    static func expectAnyChunks(seed: UInt64) async throws {
        let log = try await TestLog.open()
        var random = SplitMix(seed: seed)
        let (lines, expected) = mixture(400, using: &random)
        let isArray = random.chance(50)
        let text = isArray ? "[" + lines.joined(separator: ",\n") + "]" : lines.joined(separator: "\r\n")
        let chunks = Array(text.utf8).chunks(upTo: random.pick([7, 300, 100_000]), using: &random)
        let outcomes = try await log.push(chunks, isArray ? .json : .ndjson)
        #expect(outcomes.map(\.0) == Array(0..<400), "seed \(seed)")
        #expect(outcomes.map(\.1) == expected, "seed \(seed)")
        try await log.expectSound(expected.count { $0 == "appended" })
        await log.log.close()
    }

    /// Imports the same events in two formats and again.
    static func expectNothingNew() async throws {
        let log = try await TestLog.open()
        for (text, isFirst) in [
            (Lines.text(0..<300), true), (Lines.text(0..<300), false), (Lines.array(0..<300), false),
        ] {
            let report = try await log.load(text: text).report
            #expect((report.appended, report.known) == (isFirst ? 300 : 0, isFirst ? 0 : 300))
            #expect((report.conflicts, report.faults) == (0, 0))
        }
        try await log.expectSound(300)
        await log.log.close()
    }
}
