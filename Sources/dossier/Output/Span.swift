/// A length of time as people read it: the two largest units, `3 d 04 h`, `12 m 04 s`, `4.2 s`, `120 ms`.
struct Span: Sendable, Hashable, CustomStringConvertible {
    let microseconds: Int64

    init(microseconds: Int64) { self.microseconds = microseconds }

    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    var description: String {
        let length = max(microseconds, 0)
        let seconds = length / 1_000_000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        switch seconds {
        case 86_400...: return "\(seconds / 86_400) d \(two(seconds % 86_400 / 3600)) h"
        case 3600...: return "\(seconds / 3600) h \(two(seconds % 3600 / 60)) m"
        case 60...: return "\(seconds / 60) m \(two(seconds % 60)) s"
        case 1...: return "\(seconds).\(length % 1_000_000 / 100_000) s"
        default: return length < 1000 ? "\(length) µs" : "\(length / 1000) ms"
        }
    }
}
