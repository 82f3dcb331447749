import Testing

@testable import Ingest

/// NDJSON, cut into its lines.
@Suite struct LineSplitterTests {
    private var splitter: Splitter { Splitter(.ndjson) }

    @Test(
        "Line ends, blank lines and blanks around a line do not matter",
        arguments: [
            ("a\nb\n", [Cut(0, line: 1, "a"), Cut(1, line: 2, "b")]),
            ("a\nb", [Cut(0, line: 1, "a"), Cut(1, line: 2, "b")]),
            ("a\r\nb\r\n", [Cut(0, line: 1, "a"), Cut(1, line: 2, "b")]),
            ("a\r\nb\r", [Cut(0, line: 1, "a"), Cut(1, line: 2, "b")]),
            ("\n\n \t\n\r\n a b \t\n\n", [Cut(0, line: 5, "a b")]), ("", []), ("\n", []), ("\n\n\n", []), ("  ", []),
            ("\r", []),
            ("\n\n\nx", [Cut(0, line: 4, "x")]), ("{\"a\":\n1}", [Cut(0, line: 1, "{\"a\":"), Cut(1, line: 2, "1}")]),
            ("a\u{2028}b\u{85}c\u{B}d", [Cut(0, line: 1, "a\u{2028}b\u{85}c\u{B}d")]),
        ] as [(String, [Cut])])
    func lines(text: String, expected: [Cut]) {
        #expect(Cut.cuts(splitter, text) == expected)
        for at in 0...text.utf8.count {
            let bytes = Array(text.utf8)
            #expect(Cut.cuts(splitter, [Array(bytes[..<at]), Array(bytes[at...])]) == expected, "cut at \(at)")
        }
    }

    /// The lines by the standard library.
    private func expected(_ text: String) -> [Cut] {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .map { (line: $0.offset + 1, text: trimmed(String(String.UnicodeScalarView($0.element)))) }
        return lines.filter { !$0.text.isEmpty }.enumerated().map {
            Cut($0.offset, line: $0.element.line, $0.element.text)
        }
    }

    private func trimmed(_ text: String) -> String {
        let blank: Set<Unicode.Scalar> = [" ", "\t", "\r"]
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.firstIndex(where: { !blank.contains($0) }),
            let last = scalars.lastIndex(where: { !blank.contains($0) })
        else { return "" }
        return scalars[first...last].map { String($0) }.joined()
    }

    @Test("Any text in any chunks gives the lines that it has", arguments: [1, 2, 3] as [UInt64])
    func anyChunks(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let pieces = [
            "\n", "\n", "\r\n", "\r", " ", "\t", "a", "{\"b\":1}", "é", "😀", "\\n", "\"", "\u{0}", "[]", "x y",
        ]
        for round in 0..<300 {
            let text = (0..<Int.random(in: 0...30, using: &random)).map { _ in random.pick(pieces) }.joined()
            let expected = expected(text)
            let bytes = Array(text.utf8)
            for limit in [1, 3, 100] {
                // A carriage return before the text is JSON's own blank; it may stay.
                let cuts = Cut.cuts(splitter, bytes.chunks(upTo: limit, using: &random))
                    .map { Cut($0.number, line: $0.line, $0.text.map(trimmed)) }
                try #require(
                    cuts == expected, "seed \(seed), round \(round), chunks up to \(limit): \(text.debugDescription)")
            }
        }
    }

    @Test("A line over the limit is one fault, and the rest is taken", arguments: [1, 2, 3])
    func tooLong(times: Int) {
        let long = Array(repeating: UInt8(0x78), count: Splitter.Limits.event * times + 1)
        let text = Array("a\n\n".utf8) + long + Array("\nb\n".utf8) + long + Array("\r\nc".utf8)
        let expected = [
            Cut(0, line: 1, "a"), Cut(1, line: 3, nil), Cut(2, line: 4, "b"), Cut(3, line: 5, nil),
            Cut(4, line: 6, "c"),
        ]
        #expect(Cut.cuts(splitter, [text]) == expected)
        let chunks = stride(from: 0, to: text.count, by: 1 << 20).map {
            Array(text[$0..<min(text.count, $0 + 1 << 20)])
        }
        #expect(Cut.cuts(splitter, chunks) == expected)
    }

    @Test("A last line over the limit that has no end is one fault")
    func tooLongAtTheEnd() {
        let long = Array(repeating: UInt8(0x78), count: Splitter.Limits.event + 1)
        let expected = [Cut(0, line: 1, "a"), Cut(1, line: 2, nil)]
        #expect(Cut.cuts(splitter, [Array("a\n".utf8) + long]) == expected)
        #expect(Cut.cuts(splitter, [Array("a\n".utf8), long, long]) == expected)
    }

    @Test("A line of exactly the limit is taken")
    func longest() {
        let long = Array(repeating: UInt8(0x78), count: Splitter.Limits.event)
        let expected = [Cut(0, line: 1, String(decoding: long, as: UTF8.self)), Cut(1, line: 2, "b")]
        #expect(Cut.cuts(splitter, [long + Array("\nb".utf8)]) == expected)
        #expect(Cut.cuts(splitter, [long, Array("\nb".utf8)]) == expected)
        #expect(Cut.cuts(splitter, [Array(long[..<5]), Array(long[5...]) + [0x0A], [0x62]]) == expected)
    }

    @Test(
        "Whether a line at the limit is taken does not hang on where the chunks end",
        arguments: [
            "\r\n", " \n", "\t\r\n", "                \n", "\r",
        ])
    func blanksAtTheLimit(end: String) {
        var wrong: [String] = []
        for size in [Splitter.Limits.event - 1, Splitter.Limits.event] {
            let text = Array(repeating: UInt8(0x78), count: size) + Array(end.utf8) + Array("b".utf8)
            let whole = Cut.cuts(splitter, [text])
            for at in size..<text.count {
                let split = Cut.cuts(splitter, [Array(text[..<at]), Array(text[at...])])
                if split != whole { wrong.append("\(size) bytes and \(end.debugDescription), cut at \(at)") }
            }
        }
        #expect(wrong.isEmpty)
    }
}
