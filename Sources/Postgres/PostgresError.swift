/// Why PostgreSQL did not do what was asked; named for what the caller must do. Values never travel in it.
public enum PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The server cannot be reached or the connection was lost: connect again. What became of a statement that was
    /// under way is not known.
    case unavailable(reason: String)
    /// The server refused the statement: act on `sqlState`.
    case refused(sqlState: String, query: String, reason: String)
    /// The caller's task was cancelled while the statement ran; the server has given it up.
    case cancelled(query: String)
    /// The pool had no connection to lend in time: try again, with less at once.
    case busy(waited: Duration)
    /// The result, or the use of the connection, is not what the program expects: a defect to report.
    case misuse(query: String, reason: String)

    /// The code of the server's error. Source: PostgreSQL documentation, appendix A.
    public var sqlState: String? {
        if case .refused(let sqlState, _, _) = self { sqlState } else { nil }
    }

    public var description: String {
        switch self {
        case .unavailable(let reason): "PostgreSQL is not available: \(reason)"
        case .refused(let sqlState, let query, let reason): "\(query): \(reason) (SQLSTATE \(sqlState))"
        case .cancelled(let query): "\(query): cancelled"
        case .busy(let waited): "no connection to PostgreSQL became free within \(waited)"
        case .misuse(let query, let reason): "\(query): \(reason)"
        }
    }
}
