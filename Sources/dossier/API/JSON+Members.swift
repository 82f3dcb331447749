import Postgres
import ShareServers

extension JSON {
    /// The member that `path` leads to, key by key; nil where there is none, or null.
    func member(_ path: String...) -> JSON? { member(path) }

    private func member(_ path: [String]) -> JSON? {
        var value = self
        for key in path {
            guard case .object(let members) = value, let next = members[key], next != .null else { return nil }
            value = next
        }
        return value
    }

    /// The member as text: strings verbatim, numbers and the rest as JSON; nil where there is none, or null.
    func text(_ path: String...) -> String? { member(path)?.plain }

    func integer(_ path: String...) -> Int? {
        guard case .number(let number)? = member(path) else { return nil }
        return Int(exactly: number.rounded())
    }

    func moment(_ path: String...) -> Timestamp? {
        guard case .string(let text)? = member(path) else { return nil }
        return Timestamp(text)
    }

    func elements(_ path: String...) -> [JSON] {
        guard case .array(let elements)? = member(path) else { return [] }
        return elements
    }

    /// A string verbatim, everything else as canonical JSON.
    var plain: String {
        if case .string(let text) = self { return text }
        return compact
    }

    /// Canonical JSON.
    var compact: String { String(decoding: canonical(), as: UTF8.self) }

    /// JSON for people: a member a line, in the order of the keys.
    var indented: String { indented(by: 0) }

    private func indented(by depth: Int) -> String {
        let blanks = String(repeating: "  ", count: depth + 1)
        let end = "\n" + String(repeating: "  ", count: depth)
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.sorted { $0.key < $1.key }.map { key, value in
                blanks + JSON.string(key).compact + ": " + value.indented(by: depth + 1)
            }
            return "{\n" + lines.joined(separator: ",\n") + end + "}"
        case .array(let elements) where !elements.isEmpty:
            return "[\n" + elements.map { blanks + $0.indented(by: depth + 1) }.joined(separator: ",\n") + end + "]"
        default: return compact
        }
    }
}
