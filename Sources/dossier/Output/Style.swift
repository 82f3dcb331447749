/// How a piece of text stands out on a terminal that shows colours.
///
/// Source: ECMA-48, SGR 1, 2, 31 to 36.
enum Style: String, Sendable {
    case plain = ""
    case bold = "1"
    case faint = "2"
    case bad = "31"
    case good = "32"
    case moving = "33"
    case other = "36"

    /// The style of a status of a class, as the query API names classes.
    init(statusClass: String?) {
        switch statusClass {
        case "serving": self = .good
        case "failed": self = .bad
        case "transitional": self = .moving
        case "absent": self = .faint
        case "other": self = .other
        default: self = .plain
        }
    }

    func paint(_ text: String, _ coloured: Bool) -> String {
        coloured && self != .plain && !text.isEmpty ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}
