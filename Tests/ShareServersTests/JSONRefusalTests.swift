import Testing

@testable import ShareServers

/// Texts that are no JSON, and JSON that an event cannot hold.
@Suite struct JSONRefusalTests {
    /// Source: RFC 8259, sections 2 to 7.
    static let ungrammatical = [
        "", " ", "\n\t\r ", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[", "[1", "[1,", "]", "[1]]", "[1}", "{", "}", "{\"a\"",
        "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\" 1}", "{\"a\"}", "{a:1}", "{1:1}", "{,}", "{\"a\":1]",
        "{null:1}", "'a'", "\"a", "\"", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u12G4\"",
        "\"\\U0041\"",
        "\"\\u-123\"", "\"\\u 123\"", "\"\\uff11234\\uff1\"", "\"a\nb\"", "\"a\tb\"", "\"\u{1}\"", "\"\u{0}\"", "tru",
        "True", "nul", "nulll", "falsey",
        "undefined", "NaN", "Infinity", "-Infinity", "+1", "-", "-a", "--1", "01", "-01", "00", "1.", ".5", "-.5", "1e",
        "1e+",
        "1e-", "1.e1", "1.5.5", "1e1.5", "0x10", "1_000", "1,000", "１", "1 2", "{} {}", "null null", "[]x", "{}\u{0}",
        "// a\n1", "/* a */ 1", "1 // a", "\u{FEFF}{}", "\u{A0}1", "\u{C}1", "\u{B}1", "\u{2028}1", "\u{0}", "#",
    ]

    @Test("What is no JSON text is refused", arguments: ungrammatical)
    func grammar(text: String) {
        #expect(fault(of: Array(text.utf8)) != nil)
        #expect(throws: JSONFault.self) { try JSON(parsing: text) }
    }

    @Test(
        "A fault says at which byte the text stops being JSON",
        arguments: [
            ("", 0), ("  ", 2), ("[1,]", 3), ("[1 2]", 3), ("{\"a\" 1}", 5), ("{\"a\":1,}", 7), ("{} {}", 3),
            ("nulll", 4),
            ("[01]", 1), ("[1.]", 3), ("\"é\\x\"", 3), ("\"a\nb\"", 2), ("[\"\\u0000\"]", 2),
            ("[1,\"\\ud800\"]", 4), ("[9007199254740993]", 1), ("[1e400]", 1), ("{\"a\":1,\"a\":2}", 7),
        ])
    func offset(text: String, offset: Int) {
        #expect(fault(of: Array(text.utf8))?.offset == offset)
    }

    @Test(
        "U+0000 is refused, in values and in names",
        arguments: [
            #""\u0000""#, #"["a\u0000b"]"#, #"{"\u0000":1}"#, #"{"a\u0000":1}"#, #"{"a":{"b":["\u0000"]}}"#,
        ])
    func null(text: String) {
        #expect(fault(of: Array(text.utf8))?.reason.contains("\\u0000") == true)
        #expect(throws: JSONFault.self) { try JSON(parsing: text) }
    }

    @Test(
        "Half of a surrogate pair is refused",
        arguments: [
            #""\ud800""#, #""\udc00""#, #""\udfff\ud800""#, #""\ud83d\u0041""#, #""\ud83d\ud83d\ude00""#, #""\ud83dx""#,
            #""\ud83d\n""#, #""\ud83d\\ude00""#, #""\uD83D\"#, #""\uD83D\u"#, #""\uD83D\uDE0""#, #"{"\udead":1}"#,
            #""\uDBFF""#,
        ])
    func surrogates(text: String) {
        #expect(fault(of: Array(text.utf8)) != nil)
        #expect(throws: JSONFault.self) { try JSON(parsing: text) }
    }

    @Test(
        "A member named twice is refused, however its name is written and wherever it stands",
        arguments: [
            #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"{"\u0061":1,"\u0061":2}"#, #"{"b":1,"a":2,"b":3}"#,
            #"{"":1,"":2}"#, #"{"x":{"a":1,"c":2,"b":3,"a":4}}"#, #"[{"\"":1,"\u0022":2}]"#, #"{"/":1,"\/":2}"#,
            #"{"\n":1,"z":0,"\u000A":2}"#, #"{"😀":1,"a":0,"\ud83d\ude00":2}"#, #"{"é":1,"\u00e9":2}"#,
            #"{"c":1,"b":2,"a":3,"\u0062":4}"#,
            #"{"\\":1,"\u005c":2}"#, #"{"\uFB33":1,"\ud83d\ude00":2,"\ufb33":3}"#,
        ])
    func duplicates(text: String) {
        #expect(fault(of: Array(text.utf8))?.reason.contains("twice") == true)
        #expect(throws: JSONFault.self) { try JSON(parsing: text) }
    }

    @Test(
        "Names that only begin alike, or stand in other objects, are no duplicates",
        arguments: [
            #"{"a":1,"ab":2,"a\"":3,"a\\":4,"a ":5,"":6}"#, #"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#,
            #"{"b":{"z":1,"a":2},"a":{"z":1,"a":2}}"#,
        ])
    func noDuplicates(text: String) {
        #expect(fault(of: Array(text.utf8)) == nil)
    }

    @Test(
        "A whole number beyond 2^53 is refused; up to there it is kept to the digit",
        arguments: [
            ("9007199254740992", true), ("-9007199254740992", true), ("9007199254740991", true),
            ("9007199254740993", false),
            ("-9007199254740993", false), ("9007199254740994", false), ("10000000000000000", false),
            ("18446744073709551616", false), ("1234567890123456789012345678901234567890", false),
            ("-99999999999999999", false),
        ])
    func largeWholeNumbers(text: String, isTaken: Bool) {
        #expect((fault(of: Array(text.utf8)) == nil) == isTaken)
        #expect((try? canonicalForm(text)) == (isTaken ? text : nil))
    }

    @Test(
        "A number that no double holds is refused",
        arguments: [
            "1e309", "-1e309", "1e400", "1.8e308", "1e99999999999999999999", "1\(String(repeating: "0", count: 400)).0",
        ])
    func infinity(text: String) {
        #expect(fault(of: Array(text.utf8)) != nil)
        #expect(throws: JSONFault.self) { try JSON(parsing: text) }
    }

    @Test("Arrays and objects lie in one another to the limit and no deeper", arguments: [1, 2, 7, 64])
    func depth(limit: Int) {
        for (open, inner, close) in [("[", "", "]"), ("{\"a\":", "1", "}"), ("[{\"b\":", "0", "}]")] {
            let levels = open.count { $0 == "[" || $0 == "{" }
            func text(_ count: Int) -> [UInt8] {
                Array(
                    (String(repeating: open, count: count) + inner + String(repeating: close, count: count)).utf8)
            }
            let count = limit / levels
            #expect(throws: Never.self) { try JSON(parsing: text(count), depthLimit: limit) }
            #expect(throws: JSONFault.self) { try JSON(parsing: text(count + 1), depthLimit: limit) }
        }
    }

    @Test("A hundred thousand brackets are refused without harm")
    func hostileDepth() {
        for text in [String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000)] {
            #expect(fault(of: Array(text.utf8))?.reason.contains("deep") == true)
        }
    }

    @Test("An event as deep as one may be is read in an answer that wraps it")
    func depthOfAnAnswer() throws {
        let deep = String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        let text = try canonicalForm("{\"data\":\(deep)}")
        #expect(throws: JSONFault.self) { try canonicalForm("{\"data\":[\(deep)]}") }
        #expect(throws: Never.self) { try JSON(parsing: #"{"events":[{"event":\#(text)}]}"#) }
    }
}
