import ShareServers
import Testing

/// Texts and the bytes of their canonical form, as others published them.
@Suite struct CanonicalVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let input: String
        /// The bytes in hexadecimal.
        let expected: String
        var testDescription: String { name }

        var bytes: [UInt8] {
            let digits = expected.compactMap(\.hexDigitValue)
            return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        }
    }

    @Test("A published text has the published canonical bytes", arguments: published + [sorting])
    func vector(_ vector: Vector) throws {
        #expect(vector.bytes.count > 20)
        #expect(try canonicalForm(Array(vector.input.utf8)) == vector.bytes)
        #expect(try JSON(parsing: vector.input).canonical() == vector.bytes)
        #expect(try canonicalForm(vector.bytes) == vector.bytes)
    }

    @Test("Members are sorted by UTF-16 units in the order that RFC 8785 prints")
    func order() throws {
        let text = try canonicalForm(Self.sorting.input)
        // Source: RFC 8785, section 3.2.3.
        let values = [
            "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
            "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
        ]
        let places = values.map { text.firstRange(of: "\"\($0)\"")?.lowerBound }
        #expect(places.allSatisfy { $0 != nil })
        #expect(places.compactMap(\.self) == places.compactMap(\.self).sorted())
    }

    /// Source: RFC 8785, section 3.2.3; the bytes by hand from the order that it prints.
    static let sorting = Vector(
        name: "RFC 8785, section 3.2.3",
        input: #"""
            {
              "\u20ac": "Euro Sign",
              "\r": "Carriage Return",
              "\ufb33": "Hebrew Letter Dalet With Dagesh",
              "1": "One",
              "\ud83d\ude00": "Emoji: Grinning Face",
              "\u0080": "Control",
              "\u00f6": "Latin Small Letter O With Diaeresis"
            }
            """#,
        expected: """
            7b225c72223a2243617272696167652052657475726e222c2231223a224f6e65222c22c280223a22436f6e74726f6c222c22
            c3b6223a224c6174696e20536d616c6c204c6574746572204f205769746820446961657265736973222c22e282ac223a2245
            75726f205369676e222c22f09f9880223a22456d6f6a693a204772696e6e696e672046616365222c22efacb3223a22486562
            726577204c65747465722044616c6574205769746820446167657368227d
            """)

    /// Source: cyberphone/json-canonicalization, `testdata/input` and `testdata/outhex`; `values` is also the example
    /// of RFC 8785, section 3.2.2, with the bytes of section 3.2.4.
    static let published = [
        Vector(
            name: "arrays",
            input: #"""
                [
                  56,
                  {
                    "d": true,
                    "10": null,
                    "1": [ ]
                  }
                ]
                """#,
            expected: """
                5b35362c7b2231223a5b5d2c223130223a6e756c6c2c2264223a747275657d5d
                """),
        Vector(
            name: "french",
            input: #"""
                {
                  "peach": "This sorting order",
                  "péché": "is wrong according to French",
                  "pêche": "but canonicalization MUST",
                  "sin":   "ignore locale"
                }
                """#,
            expected: """
                7b227065616368223a225468697320736f7274696e67206f72646572222c2270c3a96368c3a9223a2269732077726f6e6720
                6163636f7264696e6720746f204672656e6368222c2270c3aa636865223a226275742063616e6f6e6963616c697a6174696f
                6e204d555354222c2273696e223a2269676e6f7265206c6f63616c65227d
                """),
        Vector(
            name: "structures",
            input: #"""
                {
                  "1": {"f": {"f": "hi","F": 5} ,"\n": 56.0},
                  "10": { },
                  "": "empty",
                  "a": { },
                  "111": [ {"e": "yes","E": "no" } ],
                  "A": { }
                }
                """#,
            expected: """
                7b22223a22656d707479222c2231223a7b225c6e223a35362c2266223a7b2246223a352c2266223a226869227d7d2c223130
                223a7b7d2c22313131223a5b7b2245223a226e6f222c2265223a22796573227d5d2c2241223a7b7d2c2261223a7b7d7d
                """),
        Vector(
            name: "unicode",
            input: #"""
                {
                  "Unnormalized Unicode":"A\u030a"
                }
                """#,
            expected: """
                7b22556e6e6f726d616c697a656420556e69636f6465223a2241cc8a227d
                """),
        Vector(
            name: "values",
            input: #"""
                {
                  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                  "literals": [null, true, false]
                }
                """#,
            expected: """
                7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b333333333333333333
                2e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c753030
                30665c6e4127425c225c5c5c5c5c222f227d
                """),
        Vector(
            name: "weird",
            input: #"""
                {
                  "\u20ac": "Euro Sign",
                  "\r": "Carriage Return",
                  "\u000a": "Newline",
                  "1": "One",
                  "\u0080": "Control\u007f",
                  "\ud83d\ude02": "Smiley",
                  "\u00f6": "Latin Small Letter O With Diaeresis",
                  "\ufb33": "Hebrew Letter Dalet With Dagesh",
                  "</script>": "Browser Challenge"
                }
                """#,
            expected: """
                7b225c6e223a224e65776c696e65222c225c72223a2243617272696167652052657475726e222c2231223a224f6e65222c22
                3c2f7363726970743e223a2242726f77736572204368616c6c656e6765222c22c280223a22436f6e74726f6c7f222c22c3b6
                223a224c6174696e20536d616c6c204c6574746572204f205769746820446961657265736973222c22e282ac223a22457572
                6f205369676e222c22f09f9882223a22536d696c6579222c22efacb3223a22486562726577204c65747465722044616c6574
                205769746820446167657368227d
                """),
    ]
}
