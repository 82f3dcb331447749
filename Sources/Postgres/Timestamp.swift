/// A moment in UTC, exact to the microsecond, as PostgreSQL's `timestamptz` keeps it.
///
/// Range: years 1 to 9999. Text form: RFC 3339 with exactly six fractional digits and `Z`, so that text order is time
/// order.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

    /// The first and the last moment that RFC 3339 can write.
    public static let earliest = Timestamp(microseconds: -62_135_596_800_000_000)
    public static let latest = Timestamp(microseconds: 253_402_300_799_999_999)

    /// Whole milliseconds since 1970, rounded towards the past.
    public var milliseconds: Int64 {
        microseconds >= 0 ? microseconds / 1000 : (microseconds - 999) / 1000
    }

    /// The moment `duration` later, to the microsecond.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(microseconds: microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }
}

// MARK: - RFC 3339

extension Timestamp {
    /// Reads an RFC 3339 `date-time`; nil where the text is none, or the date does not exist.
    ///
    /// Digits beyond the microsecond are cut off. A leap second (`:60`) counts as the first second of the next minute.
    /// Source: RFC 3339, section 5.6.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        let parsed = text.withUTF8 { Timestamp(bytes: UnsafeRawBufferPointer($0)) }
        guard let parsed else { return nil }
        self = parsed
    }

    /// The same, from the bytes of the text.
    public init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 20, bytes.count <= 64 else { return nil }
        func number(_ at: Int, _ digits: Int) -> Int64? {
            var value: Int64 = 0
            for i in at..<at + digits {
                let digit = bytes[i] &- 0x30
                guard digit < 10 else { return nil }
                value = value * 10 + Int64(digit)
            }
            return value
        }
        guard let year = number(0, 4), bytes[4] == 0x2D, let month = number(5, 2), bytes[7] == 0x2D,
            let day = number(8, 2), bytes[10] | 0x20 == 0x74, let hour = number(11, 2), bytes[13] == 0x3A,
            let minute = number(14, 2), bytes[16] == 0x3A, let second = number(17, 2)
        else { return nil }
        guard year >= 1, (1...12).contains(month), day >= 1, day <= Self.days(in: month, of: year), hour <= 23,
            minute <= 59, second <= 60
        else { return nil }
        var at = 19
        var fraction: Int64 = 0
        if bytes[at] == 0x2E {
            at += 1
            let start = at
            var scale: Int64 = 100_000
            while at < bytes.count, case let digit = bytes[at] &- 0x30, digit < 10 {
                fraction += Int64(digit) * scale
                scale /= 10
                at += 1
            }
            guard at > start else { return nil }
        }
        guard at < bytes.count else { return nil }
        var offset: Int64 = 0
        if bytes[at] | 0x20 == 0x7A {
            at += 1
        } else {
            guard bytes[at] == 0x2B || bytes[at] == 0x2D, at + 6 <= bytes.count, let hours = number(at + 1, 2),
                bytes[at + 3] == 0x3A, let minutes = number(at + 4, 2), hours <= 23, minutes <= 59
            else { return nil }
            offset = (hours * 60 + minutes) * (bytes[at] == 0x2B ? 60 : -60)
            at += 6
        }
        guard at == bytes.count else { return nil }
        let seconds = Self.day(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(microseconds: seconds * 1_000_000 + fraction)
        guard self >= .earliest, self <= .latest else { return nil }
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Year, month and day of a count of days since 1970-01-01.
    /// Source: the same, civil_from_days.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// How many bytes the text form has.
    public static let textLength = 27

    /// Appends the text form, `textLength` bytes of ASCII, of a moment from `earliest` to `latest`.
    public func appendText(to bytes: inout [UInt8]) {
        var seconds = microseconds / 1_000_000
        var fraction = microseconds % 1_000_000
        if fraction < 0 {
            fraction += 1_000_000
            seconds -= 1
        }
        var days = seconds / 86_400
        var rest = seconds % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        let (year, month, day) = Self.civil(days)
        func put(_ value: Int64, _ digits: Int) {
            var divisor: Int64 = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                bytes.append(0x30 + UInt8(value / divisor % 10))
                divisor /= 10
            }
        }
        put(year, 4)
        bytes.append(0x2D)
        put(month, 2)
        bytes.append(0x2D)
        put(day, 2)
        bytes.append(0x54)
        put(rest / 3600, 2)
        bytes.append(0x3A)
        put(rest / 60 % 60, 2)
        bytes.append(0x3A)
        put(rest % 60, 2)
        bytes.append(0x2E)
        put(fraction, 6)
        bytes.append(0x5A)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with six fractional digits, such as `2026-11-23T09:55:14.984208Z`; what lies beyond what that
    /// can write is `-infinity` or `infinity`, as in PostgreSQL.
    public var description: String {
        guard self >= .earliest else { return "-infinity" }
        guard self <= .latest else { return "infinity" }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.textLength)
        appendText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
