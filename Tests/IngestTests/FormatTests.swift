import Testing

@testable import Ingest

/// What an input is taken for.
@Suite struct FormatTests {
    private func recognise(_ text: String) throws -> Format {
        try Format.recognise(Array(text.utf8).prefix(Format.peekBytes), of: "input")
    }

    private static let event = Lines.line(1)

    @Test(
        "The first bytes say what an input is written in",
        arguments: [
            (event + "\n" + event + "\n", .ndjson), (event, .ndjson), ("\n\n  " + event + "\r\n", .ndjson),
            ("{}\n{}", .ndjson),
            ("{\"log\":1}", .har), ("[" + event + "]", .json), (" \n[\n" + event, .json), ("[]", .json), ("[", .json),
            ("{\n  \"specversion\": \"1.0\",\n  \"id\": \"1\"\n}\n", .json), ("{\r\n\t\"id\": \"1\"\r\n}", .json),
            ("{\"id\": \"1\",\n\"source\": \"/a\"}", .json), ("{\"data\":\n{}}", .json), ("{\"data\": [\n1]}", .json),
            ("{\"log\": {\"version\": \"1.2\", \"entries\": []}}", .har), ("{\n  \"log\": {\n    \"version\"", .har),
            ("\t{ \"log\" : { \"entries\"", .har), ("{\"logs\":{}}", .ndjson), ("nonsense\n" + event, .ndjson),
            ("\"x\"\n", .ndjson),
            ("\u{0}\u{1}nonsense\n" + event, .ndjson), (Notices.envelope(1), .oslo), (Notices.message(1), .oslo),
            (Notices.cadf(1) + "\n" + Notices.cadf(2), .oslo), ("[" + Notices.envelope(1) + "]", .oslo),
            (#"{"seen_at": 1.5, "envelope": "# + Notices.envelope(1) + "}", .oslo),
            ("{\n\"oslo.version\": \"2.0\",\n\"oslo.message\": \"{}\"\n}", .oslo),
            (event.replacing("\"show\"", with: #""oslo.message""#), .ndjson),
            (event + "\n" + Notices.envelope(1), .ndjson), ("{\"id\":\"\u{1}\"}\n" + event, .ndjson),
        ] as [(String, Format)])
    func recognised(text: String, expected: Format) throws {
        #expect(try recognise(text) == expected)
    }

    @Test(
        "What is none of the formats is not taken for one, and a hint says what it is",
        arguments: [
            ([], "empty"), (Array(" \r\n\t".utf8), "empty"), ([0x1F, 0x8B, 0x08, 0x00, 0x00], "gzip"),
            ([0xFF, 0xFE, 0x7B, 0x00], "UTF-16"), ([0xFE, 0xFF, 0x00, 0x7B], "UTF-16"),
            (Array("\u{7F}ELF\u{2}\u{1}\u{1}\u{0}\u{0}".utf8), "binary"), (Array("PK\u{3}\u{4}\n\u{0}".utf8), "binary"),
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "binary"),
        ] as [([UInt8], String)])
    func notRecognised(bytes: [UInt8], word: String) {
        let error = #expect(throws: IngestError.self) { try Format.recognise(bytes[...], of: "the file") }
        guard case .notRecognised(let input, let hint) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(input == "the file")
        #expect(hint.contains(word))
    }

    @Test(
        "As soon as the beginning is clear, more of the input says nothing else",
        arguments: [
            "{\"id\":1}\n{\"id\":2}\n", "{\n \"id\": {\n }\n}\n", "[\n{\"id\":1},\n{\"id\":2}]\n",
            "{\"log\":{\"entries\":[]}}\n",
            "{ \"log\": {\n\"entries\":[\n{}\n]}}\n", "\n\n{\"id\":1}\n", "nonsense\n{\"id\":1}\n", "{}\r\n{}\r\n",
            "{\n}\n", "{ }\n{\n}\n",
            Notices.envelope(1) + "\n" + event, event + "\n" + Notices.envelope(1),
            "{\n\"log\":{}\n}\n", "{\"a\":{}\n,\"b\":1}\n",
        ])
    func clear(text: String) throws {
        let whole = try recognise(text)
        let bytes = Array(text.utf8)
        for count in 0...bytes.count where Format.isClear(bytes[..<count]) {
            #expect(try Format.recognise(bytes[..<count], of: "input") == whole, "after \(count) bytes")
        }
        let padding = Array(repeating: UInt8(0x20), count: Format.peekBytes)
        #expect(Format.isClear((bytes + padding)[...]))
    }

    @Test("A first line that is one object is clear before the next has come")
    func clearLine() {
        #expect(Format.isClear(Array((Self.event + "\n").utf8)[...]))
        #expect(!Format.isClear(Array(Self.event.utf8)[...]))
        #expect(!Format.isClear([]))
        #expect(!Format.isClear(Array("\n\n".utf8)[...]))
    }
}
