import ShareServers
import Testing

/// Numbers as ECMAScript writes them.
@Suite struct CanonicalNumberTests {
    /// Source: RFC 8785, appendix B, all finite samples.
    static let samples: [(UInt64, String)] = [
        (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
        (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
        (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
        (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
        (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
        (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
        (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
        (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
        (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
        (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
    ]

    @Test("Every sample of RFC 8785, appendix B, is written as the RFC writes it", arguments: samples)
    func sample(bits: UInt64, expected: String) {
        let number = JSON.number(Double(bitPattern: bits))
        #expect(number.canonicalText == expected)
        #expect(JSON.array([number, number]).canonicalText == "[\(expected),\(expected)]")
    }

    /// Source: the sample lines of `testdata/README.md` in cyberphone/json-canonicalization.
    @Test(
        "The sample lines of the ES6 test file come out as they stand there",
        arguments: [
            (0x4340_0000_0000_0001, "9007199254740994"), (0x4340_0000_0000_0002, "9007199254740996"),
            (0x444B_1AE4_D6E2_EF50, "1e+21"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"),
        ] as [(UInt64, String)])
    func sampleLine(bits: UInt64, expected: String) {
        #expect(JSON.number(Double(bitPattern: bits)).canonicalText == expected)
    }

    @Test("A sample that a text can hold is read and written the same")
    func samplesThatAreRead() throws {
        for (bits, expected) in Self.samples {
            let value = Double(bitPattern: bits)
            // Whole numbers beyond 2^53 without an exponent are refused; see `JSONRefusalTests`.
            guard abs(value) <= 0x1p53 || abs(value) >= 1e21 else { continue }
            #expect(try canonicalForm(expected) == expected)
            #expect(try canonicalForm("\(value)") == expected)
            #expect(try JSON(parsing: expected).number == value)
        }
    }

    @Test("NaN and the infinities, which JSON has not, become null")
    func numbersThatAreNone() {
        for number in [Double.nan, .infinity, -.infinity] { #expect(JSON.number(number).canonicalText == "null") }
    }

    @Test("Any double has the shortest digits that read back, arranged as ECMA-262 says")
    func anyDouble() {
        let seed: UInt64 = 0x8785_0001
        var random = SplitMix(seed: seed)
        var wrong: [String] = []
        for round in 0..<4000 {
            var value = Double(bitPattern: random.next())
            // Most bit patterns are far from 1; every other round stays where numbers have no exponent.
            if round % 2 == 0 {
                value = Double.random(in: 1...10, using: &random)
                for _ in 0..<Int.random(in: 0...24, using: &random) { value *= 10 }
                for _ in 0..<Int.random(in: 0...30, using: &random) { value /= 10 }
            }
            guard value.isFinite, value.significandBitPattern != 0 else { continue }
            let (expected, actual) = (NaiveJSON.ecmaScript(value), JSON.number(value).canonicalText)
            if actual != expected { wrong.append("\(value.bitPattern): \(actual), not \(expected)") }
        }
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(3))")
    }

    @Test(
        "The same number in another notation is the same text",
        arguments: [
            (["1", "1.0", "1e0", "1E+0", "10e-1", "0.1e1", "1.000"], "1"),
            (["-0", "0", "-0.0", "0e9", "-0E-5", "0.0"], "0"),
            (["100", "1e2", "1E2", "1e+2", "1e02"], "100"), (["0.002", "2e-3", "0.2E-2"], "0.002"),
            (["9007199254740992", "9007199254740992.0", "9.007199254740992e15"], "9007199254740992"),
            (["-9007199254740991", "-9007199254740991e0"], "-9007199254740991"), (["1e21", "1000e18"], "1e+21"),
            (["0.1", "0.1000000000000000055511151231257827021181583404541015625"], "0.1"),
            (["999999999999999", "9999999999999990e-1"], "999999999999999"), (["0.000001", "1e-6"], "0.000001"),
            (["1e-7", "0.0000001"], "1e-7"),
        ] as [([String], String)])
    func notations(texts: [String], expected: String) throws {
        for text in texts {
            #expect(try canonicalForm(text) == expected, "\(text)")
            #expect(try JSON(parsing: text).canonicalText == expected, "\(text)")
        }
    }
}
