import ShareServers
import Testing

/// What holds for the canonical form of any value.
@Suite struct CanonicalLawTests {
    @Test("The canonical form of any text is what a naive writer gives", arguments: [1, 2, 3, 4] as [UInt64])
    func naive(seed: UInt64) throws {
        var source = RandomJSON(seed: seed)
        for round in 0..<400 {
            let value = round % 2 == 0 ? source.object() : source.value()
            let text = source.write(value)
            let expected = value.canonical
            let written = try canonicalForm(text)
            try #require(written == expected, "seed \(seed), round \(round): \(text)")
            let parsed = try JSON(parsing: text).canonicalText
            try #require(parsed == expected, "seed \(seed), round \(round): \(text)")
        }
    }

    @Test("The canonical form of a canonical form is itself")
    func idempotence() throws {
        let seed: UInt64 = 11
        var source = RandomJSON(seed: seed)
        for round in 0..<400 {
            let once = try canonicalForm(source.write(source.value()))
            let twice = try canonicalForm(once)
            try #require(twice == once, "seed \(seed), round \(round)")
        }
    }

    @Test("Two ways of writing a value have one canonical form and are one JSON value")
    func equality() throws {
        let seed: UInt64 = 12
        var source = RandomJSON(seed: seed)
        for round in 0..<300 {
            let value = source.object()
            let (left, right) = (source.write(value), source.write(value))
            let forms = (try canonicalForm(left), try canonicalForm(right))
            try #require(forms.0 == forms.1, "seed \(seed), round \(round): \(left) and \(right)")
            let values = (try JSON(parsing: left), try JSON(parsing: right))
            try #require(values.0 == values.1, "seed \(seed), round \(round): \(left) and \(right)")
        }
    }

    @Test(
        "Every number that is taken has a canonical form that is taken again",
        arguments: [
            "1e16", "1.5e20", "123456789012345678.5", "9007199254740993.0", "9007199254740994.0", "-1e16", "9.1e15",
            "-123456789012345680000.0", "999999999999999900000.0", "1e20", "0.9e21", "9007199254740992.5",
        ])
    func wholeNumbersInOtherNotations(text: String) throws {
        // RFC 7493 has readers agree up to 2^53 only; to refuse such a number is as good as to keep it.
        guard let once = try? canonicalForm(text) else { return }
        #expect(try canonicalForm(once) == once, "\(text)")
    }

    @Test(
        "No member is lost whose name only looks like another",
        arguments: [
            #"{"\u00e9":1,"e\u0301":2}"#, #"{"\u212b":1,"A\u030a":2,"\u00c5":3}"#,
            #"{"a":{"\uac00":[1],"\u1100\u1161":[2]}}"#,
        ])
    func lookalikes(text: String) throws {
        let written = try? canonicalForm(text)
        // To refuse the text would be as good; to read it as less than it says is not.
        let parsed = try? JSON(parsing: text)
        #expect((written == nil) == (parsed == nil))
        #expect(parsed?.canonicalText == written, "\(text)")
    }

    @Test(
        "Strings are kept to the scalar, and never normalised",
        arguments: [
            "A\u{30A}", "\u{C5}", "\u{212B}", "e\u{301}", "\u{FEFF}x", "\u{200D}", "\u{FFFE}", "\u{10FFFF}",
            "\u{2028}\u{2029}",
            "\u{7F}\u{80}", "\r\n", "\u{1B}[2J",
        ])
    func strings(text: String) throws {
        let form = try canonicalForm(NaiveJSON.quoted(text))
        #expect(Array(form.utf8) == Array(NaiveJSON.quoted(text).utf8))
        let parsed = try #require(try JSON(parsing: form).string)
        #expect(Array(parsed.unicodeScalars) == Array(text.unicodeScalars))
    }
}
