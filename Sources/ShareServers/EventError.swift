/// Why something is no event that the log takes. None of it is kept; the rest of a batch is.
public enum EventError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It is not JSON: mend the text at `offset`, in bytes from its beginning.
    case malformed(offset: Int, reason: String)
    /// It is JSON and no event: mend the attribute (such as `time`, or `data.http_status`).
    case invalid(attribute: String, reason: String)
    /// Its canonical form is too long: send less in `data`.
    case tooLarge(bytes: Int, limit: Int = Event.maximumBytes)

    /// The attribute at fault, where it is one.
    public var attribute: String? {
        if case .invalid(let attribute, _) = self { attribute } else { nil }
    }

    /// What is wrong, without the attribute.
    public var reason: String {
        switch self {
        case .malformed(let offset, let reason): "not JSON at byte \(offset): \(reason)"
        case .invalid(_, let reason): reason
        case .tooLarge(let bytes, let limit): "\(bytes) bytes in canonical form, at most \(limit) are taken"
        }
    }

    public var description: String { attribute.map { "\($0): \(reason)" } ?? reason }
}
