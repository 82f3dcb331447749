import EventLog
public import Postgres

/// Why projections could not be brought up to date; named for what the caller must do.
public enum ProjectionError: Error, Sendable, CustomStringConvertible {
    /// The database has no log yet, or not all of it: migrate it.
    case notCreated
    /// PostgreSQL is away or was stopped: nothing was changed, try again.
    case unavailable(PostgresError)
    /// Another session is rebuilding this projection: wait until it is done.
    case rebuilding(String)
    /// The caller's task was cancelled; the tables that answer are as they were.
    case cancelled
    /// PostgreSQL refused a statement: report it.
    case refused(PostgresError)

    init(_ error: any Error) {
        switch error {
        case let error as ProjectionError: self = error
        case is CancellationError, PostgresError.cancelled: self = .cancelled
        case PostgresError.refused("42P01", _, _), PostgresError.refused("3F000", _, _): self = .notCreated
        case let error as PostgresError: self = error.isTransient ? .unavailable(error) : .refused(error)
        default: self = .unavailable(.unavailable(reason: "\(type(of: error))"))
        }
    }

    public var description: String {
        switch self {
        case .notCreated: "the database lacks the log's tables, or some of them; run 'dossier migrate' on it first"
        case .unavailable(let error): "the database is away: \(error)"
        case .rebuilding(let name): "projection \(name) is being rebuilt already; wait until that is done"
        case .cancelled: "cancelled; the tables are as they were"
        case .refused(let error): "the database refused to apply entries: \(error)"
        }
    }
}
