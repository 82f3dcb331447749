import Postgres

extension Timestamp {
    /// `2026-11-23 09:55:14`, in UTC.
    var toSecond: String { String(readable.prefix(19)) }

    /// `2026-11-23 09:55:14.984`, in UTC.
    var toMillisecond: String { String(readable.prefix(23)) }

    private var readable: String {
        var text = description
        let separator = text.index(text.startIndex, offsetBy: 10)
        text.replaceSubrange(separator...separator, with: " ")
        return text
    }
}
