import DatabaseTesting
import Postgres
import Testing

/// Moments against PostgreSQL's own reading and writing of them.
@Suite(.database) struct TimestampServerTests {
    private static let format = #"'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"#

    @Test("Random texts with offsets and fractions are the moments that PostgreSQL reads")
    func read() async throws {
        let seed: UInt64 = 7_001
        var random = SplitMix(seed: seed)
        func digits(_ value: Int, _ count: Int) -> String {
            String(repeating: "0", count: max(0, count - String(value).count)) + String(value)
        }
        // Offsets up to 15:59: PostgreSQL takes no more.
        let texts = (0..<5_000).map { _ in
            let length = Int.random(in: 0...6, using: &random)
            let fraction = (0..<length).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
            let offset =
                Bool.random(using: &random)
                ? "Z"
                : ["+", "-"][Int.random(in: 0...1, using: &random)] + digits(Int.random(in: 0...15, using: &random), 2)
                    + ":" + digits(Int.random(in: 0...59, using: &random), 2)
            return digits(Int.random(in: 2...9998, using: &random), 4) + "-"
                + digits(Int.random(in: 1...12, using: &random), 2) + "-"
                + digits(Int.random(in: 1...28, using: &random), 2) + "T"
                + digits(Int.random(in: 0...23, using: &random), 2) + ":"
                + digits(Int.random(in: 0...59, using: &random), 2) + ":"
                + digits(Int.random(in: 0...59, using: &random), 2) + (length > 0 ? "." + fraction : "") + offset
        }
        let connection = try await Connection.open(DatabaseTrait.url)
        let expected = try await connection.values(
            """
            SELECT (extract(epoch FROM text::timestamptz) * 1000000)::bigint
            FROM unnest($1::text[]) WITH ORDINALITY AS given (text, number) ORDER BY number
            """, Bindings(of: texts), as: Int64.self)
        #expect(expected.count == texts.count)
        for (text, microseconds) in zip(texts, expected) {
            #expect(Timestamp(text)?.microseconds == microseconds, "seed \(seed): \(text)")
        }
    }

    @Test("Every day of four centuries, and random moments, are written as PostgreSQL writes them")
    func written() async throws {
        let seed: UInt64 = 7_002
        var random = SplitMix(seed: seed)
        let range = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
        // From 1800-01-01 on: one cycle of the Gregorian calendar.
        var moments = (0..<146_097).map { Timestamp(microseconds: -5_364_662_400_000_000 + Int64($0) * 86_400_000_000) }
        moments += (0..<5_000).map { _ in Timestamp(microseconds: Int64.random(in: range, using: &random)) }
        let connection = try await Connection.open(DatabaseTrait.url)
        let expected = try await connection.values(
            """
            SELECT to_char(moment AT TIME ZONE 'UTC', \(Self.format))
            FROM unnest($1::timestamptz[]) WITH ORDINALITY AS given (moment, number) ORDER BY number
            """, Bindings(of: moments), as: String.self)
        try #require(expected.count == moments.count)
        let wrong = zip(moments, expected).filter { $0.description != $1 }
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(5))")
        let unread = zip(moments, expected).filter { Timestamp($1) != $0 }
        #expect(unread.isEmpty, "seed \(seed): \(unread.prefix(5))")
    }

    // Source: PostgreSQL documentation, "Date/Time Types": stored as microseconds before or after 2000-01-01.
    @Test(
        "A moment keeps its microsecond on its way to the server and back",
        arguments: [
            (0, "1970-01-01 00:00:00+00"), (946_684_800_000_000, "2000-01-01 00:00:00+00"),
            (946_684_799_999_999, "1999-12-31 23:59:59.999999+00"), (-1, "1969-12-31 23:59:59.999999+00"),
            (1_795_427_714_984_208, "2026-11-23 09:55:14.984208+00"),
            (-62_135_596_800_000_000, "0001-01-01 00:00:00+00"),
            (253_402_300_799_999_999, "9999-12-31 23:59:59.999999+00"),
            (Int64.max, "infinity"), (Int64.min, "-infinity"),
        ] as [(Int64, String)])
    func roundTrip(microseconds: Int64, text: String) async throws {
        let moment = Timestamp(microseconds: microseconds)
        let connection = try await Connection.open(DatabaseTrait.url)
        #expect(try await connection.value("SELECT $1::timestamptz::text", Bindings(of: moment)) == text)
        #expect(try await connection.value("SELECT '\(text)'::timestamptz") == moment)
    }

    @Test("The earliest moment that PostgreSQL keeps is read")
    func earliest() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let moment = try await connection.value("SELECT '4713-01-01 00:00:00+00 BC'::timestamptz", as: Timestamp.self)
        let expected = try await connection.value(
            "SELECT (extract(epoch FROM '4713-01-01 00:00:00+00 BC'::timestamptz) * 1000000)::bigint", as: Int64.self)
        #expect(moment.microseconds == expected)
    }

    @Test("The latest moment that PostgreSQL keeps, beyond what 64 bits count from 1970, is infinity and no crash")
    func latest() async {
        // Source: PostgreSQL, src/include/datatype/timestamp.h: END_TIMESTAMP is 9223371331200000000, exclusive.
        // In a process of its own, because an overflow ends it.
        await #expect(processExitsWith: .success) {
            let stored = withUnsafeBytes(of: Int64(9_223_371_331_199_999_999).bigEndian) { Array($0) }
            let moment = try stored.withUnsafeBytes { try Timestamp(binary: $0, type: 1184) }
            #expect(moment.description == "infinity")
            #expect(moment > .latest)
        }
    }

    @Test("A moment before all that PostgreSQL keeps is bound without a crash")
    func beyond() async {
        await #expect(processExitsWith: .success) {
            for microseconds in [Int64.min + 1, Int64.min + 946_684_800_000_000, Int64.max - 1] {
                var bytes: [UInt8] = []
                Timestamp(microseconds: microseconds).encode(into: &bytes)
                #expect(bytes.count == 8)
            }
        }
    }
}
