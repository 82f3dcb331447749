import Testing

@testable import Ingest

/// JSON texts, cut into the elements of an array in them.
@Suite struct ValueSplitterTests {
    private var json: Splitter { Splitter(.json) }
    private var har: Splitter { Splitter(.har) }

    @Test(
        "An array is cut into its elements, and values one after another into themselves",
        arguments: [
            ("[1,2]", ["1", "2"]), ("[ 1 , 2 ]", ["1", "2"]), ("[]", []), (" [ ] ", []),
            ("[[1,2],[3]]", ["[1,2]", "[3]"]),
            ("[{\"a\":1},{\"b\":[2,{}]}]", ["{\"a\":1}", "{\"b\":[2,{}]}"]),
            ("{\"a\":1}{\"b\":2}", ["{\"a\":1}", "{\"b\":2}"]),
            ("{\"a\":1}\n\n{\"b\":\n2}\n", ["{\"a\":1}", "{\"b\":\n2}"]),
            ("{\"a\":1},{\"b\":2}", ["{\"a\":1}", "{\"b\":2}"]),
            ("[\"a,b\",\"]\",\"}\\\"[\",\"\\\\\"]", ["\"a,b\"", "\"]\"", "\"}\\\"[\"", "\"\\\\\""]), ("", []),
            ("  \n", []),
            ("1 true \"x y\" null", ["1", "true", "\"x y\"", "null"]), ("5", ["5"]), ("{}", ["{}"]),
            ("{} [1]", ["{}", "[1]"]),
            ("[nonsense, {oops}, \"fine\"]", ["nonsense", "{oops}", "\"fine\""]),
            ("[\"é😀\",{\"\\u005d\":\"\\\\\\\"]\"}]", ["\"é😀\"", "{\"\\u005d\":\"\\\\\\\"]\"}"]),
        ] as [(String, [String])])
    func elements(text: String, expected: [String]) {
        let bytes = Array(text.utf8)
        #expect(Cut.cuts(json, text).map(\.text) == expected)
        for at in 0...bytes.count {
            let cuts = Cut.cuts(json, [Array(bytes[..<at]), Array(bytes[at...])])
            #expect(cuts.map(\.text) == expected, "cut at \(at)")
            #expect(cuts.map(\.number) == Array(0..<expected.count))
        }
    }

    @Test(
        "A text that is cut off keeps what was whole, and says that it is cut off",
        arguments: [
            ("[1,2", ["1", nil]), ("[{\"a\":1},{\"b\"", ["{\"a\":1}", nil]), ("[{\"a\":1},", ["{\"a\":1}", nil]),
            ("[", [nil]),
            ("{\"a\":1} {\"b\":\"", ["{\"a\":1}", nil]), ("[{\"a\":1},\"x", ["{\"a\":1}", nil]), ("{", [nil]),
            ("\"abc", [nil]),
        ] as [(String, [String?])])
    func cutOff(text: String, expected: [String?]) {
        let cuts = Cut.cuts(json, text)
        // An element that ends with the input may be whole or not; the input is not, and that is said.
        #expect(cuts.compactMap(\.text).starts(with: expected.compactMap(\.self).filter { $0.hasPrefix("{") }))
        #expect(cuts.last?.text == nil)
        #expect(cuts.count { $0.text == nil } == 1)
    }

    @Test(
        "A comma too many, or too few, is told of beside the values around it",
        arguments: [
            ("[1,]", ["1", nil]), ("[,1]", [nil, "1"]), ("[1,,2]", ["1", nil, "2"]), ("[,]", [nil, nil]),
            ("[{} {}]", ["{}", nil, "{}"]), ("[[1][2]]", ["[1]", nil, "[2]"]),

            ("[1 2]", ["1", nil, "2"]), ("[{\"a\":[1,2]},]", ["{\"a\":[1,2]}", nil]),
        ] as [(String, [String?])])
    func commas(text: String, expected: [String?]) {
        let bytes = Array(text.utf8)
        for at in 0...bytes.count {
            let cuts = Cut.cuts(json, [Array(bytes[..<at]), Array(bytes[at...])])
            #expect(cuts.map(\.text) == expected, "cut at \(at)")
            #expect(cuts.map(\.number) == Array(0..<expected.count))
        }
    }

    @Test("An element over the limit is one fault, and the rest is taken")
    func tooLong() {
        let splitter = Splitter.values(ValueSplitter(path: [], limit: 10))
        let text = "[12345678,\n\"12345678\",\n\"123456789\",{\"a\":[1,2,3]},\n  {}, 12345678901 ,7]"
        let expected = [
            Cut(0, line: 1, "12345678"), Cut(1, line: 2, "\"12345678\""), Cut(2, line: 3, nil), Cut(3, line: 3, nil),
            Cut(4, line: 4, "{}"), Cut(5, line: 4, nil), Cut(6, line: 4, "7"),
        ]
        #expect(Cut.cuts(splitter, text) == expected)
        #expect(Cut.cuts(splitter, text.utf8.map { [$0] }) == expected)
    }

    @Test(
        "What follows an array is not passed over in silence",
        arguments: [
            "[{\"a\":1}]\n[{\"b\":2}]", "[{\"a\":1}]{\"b\":2}", "[{\"a\":1}},{\"b\":2}]", "[{\"a\":1}],{\"b\":2}]",
            "[1] x",
        ])
    func afterTheArray(text: String) {
        let cuts = Cut.cuts(json, text)
        #expect(cuts.count > 1, "\(cuts)")
    }

    /// A value with brackets, commas and quotes where they mean nothing.
    private func value(_ random: inout SplitMix, depth: Int = 0) -> String {
        let strings = [
            "\"\"", "\"a\"", "\",\"", "\"]\"", "\"}{\"", "\"\\\"\"", "\"\\\\\"", "\"é\"", "\"entries\"", "\"log\"",
            "\"\\n\"",
        ]
        switch Int.random(in: 0..<(depth < 3 ? 5 : 3), using: &random) {
        case 0: return random.pick(["1", "-2.5e3", "true", "null"])
        case 1, 2: return random.pick(strings)
        case 3:
            let parts = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                blank(&random) + value(&random, depth: depth + 1) + blank(&random)
            }
            return "[" + parts.joined(separator: ",") + "]"
        default:
            let parts = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                blank(&random) + random.pick(strings) + blank(&random) + ":" + blank(&random)
                    + value(&random, depth: depth + 1) + blank(&random)
            }
            return "{" + parts.joined(separator: ",") + "}"
        }
    }

    private func blank(_ random: inout SplitMix) -> String {
        random.pick(["", "", "", " ", "\n", "\r\n", "\t", " \n\n "])
    }

    private func expectAnyChunks(
        _ splitter: Splitter, _ text: String, _ expected: [Cut], _ context: Comment, using random: inout SplitMix
    ) throws {
        for limit in [1, 4, 1000] {
            try #require(Cut.cuts(splitter, Array(text.utf8).chunks(upTo: limit, using: &random)) == expected, context)
        }
    }

    @Test("Any array in any chunks gives its elements, each with its line", arguments: [1, 2, 3] as [UInt64])
    func anyArray(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        for round in 0..<150 {
            let isArray = random.chance(60)
            var text = blank(&random) + (isArray ? "[" : "")
            var expected: [Cut] = []
            for number in 0..<Int.random(in: 0...6, using: &random) {
                if number > 0 { text += isArray ? "," : random.pick([" ", "\n", "\r\n", "\n\n"]) }
                text += blank(&random)
                // Outside of an array a leading one would be the array itself.
                let element = isArray ? value(&random) : "{\"a\":" + value(&random) + "}"
                expected.append(Cut(number, line: 1 + text.utf8.count { $0 == 0x0A }, element))
                text += element + blank(&random)
            }
            text += (isArray ? "]" : "") + blank(&random)
            try expectAnyChunks(json, text, expected, "seed \(seed), round \(round): \(text)", using: &random)
        }
    }

    @Test("The entries of an archive are found whatever stands around them", arguments: [1, 2, 3] as [UInt64])
    func anyArchive(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let decoys = [
            #""entries":{"entries":[8]}"#, #""log":{"entries":[9]}"#, #""x":[{"log":{"entries":[9]}},["entries"]]"#,
            #""comment":"\"log\":{\"entries\":[9]}""#, #""pages":[{"entries":[7]}]"#, #""entries ":[6]"#,
            #""Entries":[5]"#,
            #""c":"entries""#, #""d":"entries","e":[4]"#, #""f":{"log":[3],"entries":[2]}"#,
            #""g":[[1],["log",["entries"]]]"#,
        ]
        for round in 0..<150 {
            // Members of other names before and after `entries` in `log`, and before and after `log`.
            func others(_ names: [String]) -> [String] {
                names.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random)).map(\.self)
            }
            let inLog = decoys.filter { !$0.hasPrefix(#""entries":"#) }
            let around = decoys.filter { !$0.hasPrefix(#""log":"#) }
            var text = blank(&random) + "{" + others(around).map { $0 + "," }.joined() + blank(&random) + #""log""#
            text +=
                blank(&random) + ":" + blank(&random) + "{" + others(inLog).map { $0 + ",\n" }.joined() + #""entries""#
            text += blank(&random) + ":" + blank(&random) + "["
            var expected: [Cut] = []
            for number in 0..<Int.random(in: 0...4, using: &random) {
                text += (number > 0 ? "," : "") + blank(&random)
                let element = value(&random)
                expected.append(Cut(number, line: 1 + text.utf8.count { $0 == 0x0A }, element))
                text += element + blank(&random)
            }
            text +=
                "]" + others(inLog).map { "," + $0 }.joined() + "}" + others(around).map { "," + $0 }.joined() + "}\n"
            try expectAnyChunks(har, text, expected, "seed \(seed), round \(round): \(text)", using: &random)
        }
    }

    @Test(
        "An archive without entries says so",
        arguments: [
            "{}", #"{"log":{}}"#, #"{"log":{"entries":{}}}"#, #"{"log":{"entries":null}}"#,
            #"{"log":[{"entries":[1]}]}"#,
            #"{"entries":[1]}"#, #"{"log":{"pages":[{"entries":[1]}]}}"#, #"{"log":"entries","x":[1]}"#, "[]", "[{}]",
            "null",
            #"{"x":{"log":{"entries":[1]}}}"#, #"{"log":{"log":{"entries":[1]}}}"#, #"{"log":[[1]]}"#,
        ])
    func noEntries(text: String) {
        #expect(Cut.cuts(har, text).map(\.text) == [nil])
    }
}
