import ArgumentParser
import Postgres
import Testing

@testable import dossier

@Suite struct TimeArgumentTests {
    private let now = Timestamp("2026-03-01T12:34:56.789012Z") ?? .earliest

    @Test(arguments: [
        ("2026-11-23T09:55:14.984208Z", "2026-11-23T09:55:14.984208Z"),
        ("2026-11-23T10:55:14+01:00", "2026-11-23T09:55:14.000000Z"),
        ("2026-11-23", "2026-11-23T00:00:00.000000Z"),
        ("now", "2026-03-01T12:34:56.789012Z"),
        ("NOW", "2026-03-01T12:34:56.789012Z"),
        ("today", "2026-03-01T00:00:00.000000Z"),
        ("yesterday", "2026-02-28T00:00:00.000000Z"),
        ("90s", "2026-03-01T12:33:26.789012Z"),
        ("30m", "2026-03-01T12:04:56.789012Z"),
        ("12h", "2026-03-01T00:34:56.789012Z"),
        ("7d", "2026-02-22T12:34:56.789012Z"),
        ("2w", "2026-02-15T12:34:56.789012Z"),
        ("0s", "2026-03-01T12:34:56.789012Z"),
    ])
    func namesAMoment(text: String, expected: String) {
        #expect(TimeArgument.moment(text, now: now)?.description == expected)
    }

    @Test(arguments: [
        "", "d", "7", "7y", "-7d", "7 d", "1.5h", "tomorrow", "2026-02-30", "2026-13-01", "2026-11-23T09:55",
        "2026-11-23 09:55:14", "99999999999999999999d", "9223372036854775807w", "9000000d", "٧d",
    ])
    func namesNone(text: String) {
        #expect(TimeArgument.moment(text, now: now) == nil)
    }

    @Test func whatNamesNoMomentIsRefusedWithWhatIsAccepted() {
        #expect {
            try TimeArgument.parse("soon")
        } throws: { error in
            let message = String(describing: error)
            return error is ValidationError && message.contains("soon") && message.contains("RFC 3339")
        }
    }

    @Test func daysBefore1970BeginAtTheirMidnight() {
        let then = Timestamp("1969-12-31T23:00:00Z") ?? .earliest
        #expect(TimeArgument.moment("today", now: then)?.description == "1969-12-31T00:00:00.000000Z")
    }
}
