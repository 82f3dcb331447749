import ArgumentParser
import Postgres

/// A moment as one types it: RFC 3339, a date (its first moment in UTC), how long ago (`90s`, `30m`, `12h`, `7d`, `2w`),
/// or `now`, `today`, `yesterday` (days of UTC).
enum TimeArgument {
    static let accepted =
        "RFC 3339 such as 2026-11-23T09:55:14Z, a date such as 2026-11-23, 30m, 12h or 7d ago, now, today or yesterday"

    /// The moment that `text` names at `now`; nil where it names none.
    static func moment(_ text: String, now: Timestamp) -> Timestamp? {
        switch text.lowercased() {
        case "now": return now
        case "today": return midnight(of: now)
        case "yesterday": return Timestamp(microseconds: midnight(of: now).microseconds - 86_400_000_000)
        default: break
        }
        if let ago = ago(text) {
            let (moment, overflow) = now.microseconds.subtractingReportingOverflow(ago)
            guard !overflow, moment >= Timestamp.earliest.microseconds else { return nil }
            return Timestamp(microseconds: moment)
        }
        if text.utf8.count == 10 { return Timestamp(text + "T00:00:00Z") }
        return Timestamp(text)
    }

    /// For `@Option(transform:)`.
    @Sendable static func parse(_ text: String) throws -> Timestamp {
        guard let moment = moment(text, now: .now) else {
            throw ValidationError("'\(text.escapedForTerminal)' names no moment; accepted are \(accepted).")
        }
        return moment
    }

    private static func midnight(of moment: Timestamp) -> Timestamp {
        let day: Int64 = 86_400_000_000
        let rest = moment.microseconds % day
        return Timestamp(microseconds: moment.microseconds - (rest < 0 ? rest + day : rest))
    }

    /// Microseconds of `7d` and the like; nil where the text is something else, or too long.
    private static func ago(_ text: String) -> Int64? {
        guard let unit = text.last, text.utf8.count >= 2, text.dropLast().utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
            let count = Int64(text.dropLast())
        else { return nil }
        let seconds: Int64
        switch unit {
        case "s": seconds = 1
        case "m": seconds = 60
        case "h": seconds = 3600
        case "d": seconds = 86_400
        case "w": seconds = 604_800
        default: return nil
        }
        let (length, overflow) = count.multipliedReportingOverflow(by: seconds * 1_000_000)
        return overflow ? nil : length
    }
}
