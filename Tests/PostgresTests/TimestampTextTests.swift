import Foundation
import Postgres
import Testing

/// RFC 3339 in and out; expected moments are PostgreSQL's `extract(epoch from …)`.
@Suite struct TimestampTextTests {
    // Source: PostgreSQL 15, `SELECT (extract(epoch FROM '…'::timestamptz) * 1000000)::bigint`.
    @Test(
        "A moment is read as PostgreSQL reads it",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2000-01-01T00:00:00Z", 946_684_800_000_000),
            ("1985-04-12T23:20:50.52Z", 482_196_050_520_000),
            ("1996-12-19T16:39:57-08:00", 851_042_397_000_000),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000),
            ("1900-02-28T23:59:59Z", -2_203_891_201_000_000),
            ("1900-03-01T00:00:00Z", -2_203_891_200_000_000),
            ("2024-02-29T23:59:59.000001+05:30", 1_709_231_399_000_001),
            ("2026-11-23T09:55:14.984208Z", 1_795_427_714_984_208),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
            ("0004-02-29T00:00:00Z", -62_035_891_200_000_000),
            ("2100-02-28T23:00:00-15:59", 4_107_596_340_000_000),
        ] as [(String, Int64)])
    func read(text: String, microseconds: Int64) {
        #expect(Timestamp(text)?.microseconds == microseconds)
    }

    // Source: RFC 3339, sections 5.6 and 5.7: "t" and "z" may be lower case; a leap second is second 60.
    @Test(
        "The forms that RFC 3339 allows beside the usual one are read",
        arguments: [
            ("1985-04-12t23:20:50.52z", "1985-04-12T23:20:50.52Z"),
            ("1985-04-12t23:20:50z", "1985-04-12T23:20:50Z"),
            ("1985-04-12T23:20:50-00:00", "1985-04-12T23:20:50Z"),
            ("1985-04-12T23:20:50+00:00", "1985-04-12T23:20:50Z"),
            ("1985-04-13T23:19:50+23:59", "1985-04-12T23:20:50Z"),
            ("1985-04-11T23:21:50-23:59", "1985-04-12T23:20:50Z"),
            ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z"),
            ("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z"),
            ("1990-12-31T23:59:60.25Z", "1991-01-01T00:00:00.25Z"),
            ("2026-01-01T00:00:00.1234569Z", "2026-01-01T00:00:00.123456Z"),
            ("2026-01-01T00:00:00.0000009Z", "2026-01-01T00:00:00Z"),
        ])
    func otherForms(text: String, same: String) throws {
        let moment = try #require(Timestamp(same))
        #expect(Timestamp(text) == moment)
    }

    @Test(
        "What is no date-time, or a date that never was, is refused",
        arguments: [
            "", "now", "infinity", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01T00:00Z",
            "20260101T000000Z", "2026-1-01T00:00:00Z", "26-01-01T00:00:00Z", "02026-01-01T00:00:00Z",
            "-026-01-01T00:00:00Z", "+026-01-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2026-04-31T00:00:00Z", "2026-06-31T00:00:00Z",
            "2026-09-31T00:00:00Z", "2026-11-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T23:60:00Z",
            "2026-01-01T23:59:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00.5",
            "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60", "2026-01-01T00:00:00+0000",
            "2026-01-01T00:00:00+00", "2026-01-01T00:00:00+00:0", "2026-01-01T00:00:00+00:000",
            "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z\n",
            "2026-01-01T00:00:00Z\u{0}", "2026-01-01T00:00:0०Z", "２026-01-01T00:00:00Z", "2026-01-01T00:00:00−01:00",
            "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59.999999-00:01",
            "9999-12-31T23:59:60Z", "2026/01/01T00:00:00Z", "2026-01-01T00-00-00Z", "2026-01-01U00:00:00Z",
            "2026-01-01T00:00:00Y", "2026-01-01\u{14}00:00:00Z", "2026-01-01T00:00:00\u{1A}",
        ])
    func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }

    // Source: PostgreSQL 15, to_char(to_timestamp(…) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"').
    @Test(
        "A moment is written in UTC with six fractional digits",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (482_196_050_520_000, "1985-04-12T23:20:50.520000Z"),
            (951_825_600_000_000, "2000-02-29T12:00:00.000000Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
            (-86_400_000_000, "1969-12-31T00:00:00.000000Z"),
        ] as [(Int64, String)])
    func written(microseconds: Int64, text: String) {
        let moment = Timestamp(microseconds: microseconds)
        #expect(moment.description == text)
        var bytes: [UInt8] = [1]
        moment.appendText(to: &bytes)
        #expect(bytes == [1] + Array(text.utf8))
        #expect(text.utf8.count == Timestamp.textLength)
    }

    @Test("What RFC 3339 cannot write is said to be infinite")
    func infinite() {
        #expect(Timestamp(microseconds: .max).description == "infinity")
        #expect(Timestamp(microseconds: .min).description == "-infinity")
        #expect(Timestamp(microseconds: Timestamp.latest.microseconds + 1).description == "infinity")
        #expect(Timestamp(microseconds: Timestamp.earliest.microseconds - 1).description == "-infinity")
    }

    @Test("What is written is read back, and the order of texts is the order of moments")
    func law() throws {
        var random = SplitMix(seed: 20_261_123)
        let range = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
        for round in 0..<20_000 {
            let one = Timestamp(microseconds: Int64.random(in: range, using: &random))
            let near = one.microseconds + Int64.random(in: -3_000_000...3_000_000, using: &random)
            let other = Timestamp(microseconds: min(max(near, range.lowerBound), range.upperBound))
            #expect(Timestamp(one.description) == one, "round \(round)")
            #expect((one.description < other.description) == (one < other), "round \(round)")
        }
    }

    @Test("Milliseconds are rounded towards the past")
    func milliseconds() {
        let cases: [(Int64, Int64)] = [(0, 0), (999, 0), (1000, 1), (-1, -1), (-999, -1), (-1000, -1), (-1001, -2)]
        for (microseconds, milliseconds) in cases {
            #expect(Timestamp(microseconds: microseconds).milliseconds == milliseconds, "\(microseconds)")
        }
    }

    @Test("A moment is moved by a duration, to the microsecond, in both directions")
    func advanced() {
        let moment = Timestamp(microseconds: 1_000_000)
        #expect(moment.advanced(by: .milliseconds(1500)).microseconds == 2_500_000)
        #expect(moment.advanced(by: .milliseconds(-1500)).microseconds == -500_000)
        #expect(moment.advanced(by: .nanoseconds(1999)).microseconds == 1_000_001)
        #expect(moment.advanced(by: .zero) == moment)
    }

    @Test("The present moment is the machine's clock")
    func now() {
        let before = Date().timeIntervalSince1970
        let now = Double(Timestamp.now.microseconds) / 1e6
        let after = Date().timeIntervalSince1970
        // A double of today's seconds is exact to a microsecond, not to less.
        #expect(now >= before - 0.000_01 && now <= after + 0.000_01)
    }
}
