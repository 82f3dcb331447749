public import EventLog

/// Why an input could not be taken to its end; named for what the caller must do. What was reported before is durable.
public enum IngestError: Error, Sendable, CustomStringConvertible {
    /// Name a file that can be read.
    case unreadable(input: String, reason: String)
    /// Name the format, or convert the input as the hint says.
    case notRecognised(input: String, hint: String)
    /// The log did not take events: as its error says. Repeating the input is safe.
    case log(LogError)
    /// The caller's task was cancelled; what had been taken is durable.
    case cancelled

    public var description: String {
        switch self {
        case .unreadable(let input, let reason): "\(input) cannot be read: \(reason)"
        case .notRecognised(let input, let hint): "\(input): \(hint)"
        case .log(let error): "\(error)"
        case .cancelled: "interrupted; what has been reported is in the log, and repeating the import is safe"
        }
    }
}
