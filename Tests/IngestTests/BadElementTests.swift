import DatabaseTesting
import EventLog
import ShareServers
import Testing

@testable import Ingest

/// Elements that give no event: each is reported by itself, and all the others go in.
@Suite(.log) struct BadElementTests {
    struct Bad: Sendable, CustomTestStringConvertible {
        let name: String
        let text: [UInt8]
        /// What the fault names.
        let attribute: String?
        /// Whether it can stand in an array without taking its neighbours along.
        var isBalanced = true

        init(_ name: String, _ text: String, _ attribute: String?, isBalanced: Bool = true) {
            self.init(name, bytes: Array(text.utf8), attribute, isBalanced: isBalanced)
        }

        init(_ name: String, bytes: [UInt8], _ attribute: String?, isBalanced: Bool = true) {
            (self.name, self.text, self.attribute, self.isBalanced) = (name, bytes, attribute, isBalanced)
        }

        /// A valid event but for one replacement.
        init(_ name: String, _ old: String, to new: String, _ attribute: String?, isBalanced: Bool = true) {
            let line = Lines.line(900)
            precondition(line.contains(old))
            self.init(name, line.replacing(old, with: new), attribute, isBalanced: isBalanced)
        }

        var testDescription: String { name }
    }

    private static func bytes(_ before: String, _ broken: [UInt8], _ after: String) -> [UInt8] {
        Array(before.utf8) + broken + Array(after.utf8)
    }

    static let all: [Bad] = [
        Bad("nonsense", "nonsense", nil), Bad("a number", "42", nil), Bad("an array", "[1]", nil),
        Bad("null", "null", nil),
        Bad("an unfinished object", #"{"specversion":"1.0","#, nil, isBalanced: false),
        Bad("an unfinished string", #"{"id":"abc}"#, nil, isBalanced: false),
        Bad("a comma too many", "\"show\",", to: "\"show\",,", nil),
        Bad("U+0000", "\"show\"", to: #""sh\u0000ow""#, nil),
        Bad("half a surrogate pair", "\"show\"", to: #""\ud83d""#, nil),
        Bad("a member twice", "\"show\"", to: #""show","operation":"show""#, nil),
        Bad("a member twice, escaped", "\"show\"", to: #""show","\u006fperation":"list""#, nil),
        Bad("overlong UTF-8", bytes: bytes(#"{"id":""#, [0xC0, 0x80], #""}"#), nil),
        Bad("UTF-8 of a surrogate", bytes: bytes(#"{"id":""#, [0xED, 0xA0, 0x80], #""}"#), nil),
        Bad("half a character", bytes: bytes(#"{"id":""#, [0xE2, 0x82], #""}"#), nil),
        Bad("Latin 1", bytes: bytes(#"{"id":"caf"#, [0xE9], #""}"#), nil),
        Bad("a raw control character", "\"show\"", to: "\"sh\u{1}ow\"", nil),
        Bad("a huge whole number", "200", to: "9007199254740993", nil), Bad("a huge number", "200", to: "1e999", nil),
        Bad("too deep", "200", to: String(repeating: "[", count: 63) + String(repeating: "]", count: 63), nil),
        Bad("no specversion", #""specversion":"1.0","#, to: "", "specversion"),
        Bad("no id", #""id":"e900","#, to: "", "id"),
        Bad("no source", #""source":"/test","#, to: "", "source"),
        Bad("no type", #","type":"\#(EventType.call)""#, to: "", "type"),
        Bad("no time", #""time":"2026-11-23T00:15:00Z","#, to: "", "time"), Bad("nothing", "{}", "specversion"),
        Bad("an impossible date", "2026-11-23", to: "2026-02-29", "time"),
        Bad("an impossible hour", "T00:15", to: "T24:15", "time"),
        Bad("a time without zone", "00:15:00Z", to: "00:15:00", "time"),
        Bad("an id of another type", "\"e900\"", to: "900", "id"),
        Bad("another version", "\"1.0\"", to: "\"0.3\"", "specversion"),
        Bad("no server", Lines.servers[4], to: "x", "subject"),
        Bad("an impossible status", "200", to: "2000", "data.http_status"),
        Bad("an attribute in capitals", "\"source\"", to: "\"X\":1,\"source\"", "X"),
        Bad("a nested attribute", "\"source\"", to: "\"x\":{},\"source\"", "x"),
        Bad("no data", "\"data\"", to: "\"dato\"", "dato"),
        Bad("65,536 bytes", tooLarge(by: 1), nil),
    ]

    /// An event whose stored body would have 65,535 bytes and `bytes` more.
    private static func tooLarge(by bytes: Int) -> String {
        // The recorded time adds `"recordedtime":"2026-11-23T09:55:14.984208Z",`, 45 bytes.
        Lines.line(900, padding: 65_535 - 45 - Lines.line(900).utf8.count + bytes)
    }

    @Test("A bad line is one fault with its line and attribute, and its neighbours go in", arguments: all)
    func line(bad: Bad) async throws {
        let log = try await TestLog.open()
        let text = Array((Lines.line(0) + "\n\n").utf8) + bad.text + Array(("\r\n" + Lines.line(1)).utf8)
        let imported = try await log.load(bytes: text, format: .ndjson)
        #expect((imported.report.appended, imported.report.faults) == (2, 1))
        try expectFault(imported, bad, line: 3, number: 1)
        try await log.expectSound(2)
        await log.log.close()
    }

    @Test("A bad element of an array is one fault, and its neighbours go in", arguments: all.filter(\.isBalanced))
    func element(bad: Bad) async throws {
        let log = try await TestLog.open()
        let text = Array(("[" + Lines.line(0) + ",\n").utf8) + bad.text + Array((",\n" + Lines.line(1) + "]").utf8)
        let imported = try await log.load(bytes: text)
        #expect((imported.report.appended, imported.report.faults) == (2, 1))
        try expectFault(imported, bad, line: 2, number: 1)
        try await log.expectSound(2)
        await log.log.close()
    }

    private func expectFault(_ imported: Imported, _ bad: Bad, line: Int, number: Int) throws {
        let fault = try #require(imported.faults.first)
        #expect((fault.line, fault.number, fault.attribute) == (line, number, bad.attribute))
        #expect(!fault.reason.isEmpty)
        #expect(fault.description.hasPrefix("line \(line): " + (bad.attribute.map { "\($0): " } ?? "")))
        #expect(imported.report.firstFaults == imported.faults)
    }

    @Test("Any mixture of good and bad lines is counted line by line", arguments: [1, 2, 3] as [UInt64])
    func mixture(seed: UInt64) async throws {
        let log = try await TestLog.open()
        var random = SplitMix(seed: seed)
        var (text, good, expected): ([UInt8], Int, [Int]) = ([], 0, [])
        for line in 1...300 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: text += Array(random.pick(["", " ", "\r", "\t"]).utf8)
            case 1, 2, 3:
                text += random.pick(Self.all).text
                expected.append(line)
            default:
                text += Array(Lines.line(good).utf8)
                good += 1
            }
            text.append(0x0A)
        }
        let imported = try await log.load(bytes: text, format: .ndjson)
        #expect(imported.report.appended == good, "seed \(seed)")
        #expect(imported.faults.map(\.line) == expected, "seed \(seed)")
        #expect(imported.report.faults == expected.count)
        try await log.expectSound(good)
        await log.log.close()
    }

    @Test("The largest event goes in")
    func largest() async throws {
        let log = try await TestLog.open()
        #expect(try await log.load(text: Self.tooLarge(by: 0)).report.appended == 1)
        #expect(try await log.entries().first?.body.utf8.count == 65_535)
        try await log.expectSound(1)
        await log.log.close()
    }

    @Test("A line of many megabytes is one fault, and the rest goes in")
    func giganticLine() async throws {
        let log = try await TestLog.open()
        let gigantic = Array(repeating: UInt8(0x61), count: 3 * Splitter.Limits.event)
        let text = Array(Lines.text(0..<3).utf8) + gigantic + [0x0A] + Array(Lines.text(3..<5).utf8)
        let imported = try await log.load(bytes: text)
        #expect((imported.report.appended, imported.report.faults) == (5, 1))
        #expect(imported.faults.map(\.line) == [4])
        #expect(imported.report.bytes == Int64(text.count))
        try await log.expectSound(5)
        await log.log.close()
    }

    @Test("All faults are counted and called out, and the first thousand are kept")
    func manyFaults() async throws {
        let log = try await TestLog.open()
        let text = (0..<1500).map { "nonsense \($0)\n" }.joined() + Lines.line(0)
        let imported = try await log.load(text: text)
        #expect((imported.report.appended, imported.report.faults) == (1, 1500))
        #expect(imported.faults.map(\.line) == Array(1...1500))
        #expect(imported.report.firstFaults == Array(imported.faults.prefix(1000)))
        await log.log.close()
    }

    @Test("An array that is cut off keeps what was whole, and the cut is a fault", arguments: [1, 2, 40, 200])
    func cutOff(missing: Int) async throws {
        let log = try await TestLog.open()
        let text = Lines.array(0..<10)
        let imported = try await log.load(text: String(text.dropLast(missing)))
        let whole = missing == 1 ? 10 : 9
        #expect((imported.report.appended, imported.report.faults) == (whole, 1))
        try await log.expectSound(whole)
        await log.log.close()
    }
}
