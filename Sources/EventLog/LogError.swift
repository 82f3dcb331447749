public import Postgres

/// Why the log could not do what was asked; named for what the caller must do.
public enum LogError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The database has no log yet: migrate it.
    case notCreated
    /// The user of the database may not become what the work needs: grant it the roles.
    case lacking(user: String, roles: [String])
    /// PostgreSQL is away. Nothing is known of what was under way: append it again, equal events are kept once.
    case unavailable(PostgresError)
    /// Another process held the lane's head for too long: append again later.
    case busy
    /// The caller's task was cancelled: what it asked for was not done, and events it was handing over were not taken.
    case cancelled
    /// This log has been closed: append to another.
    case closed
    /// PostgreSQL refused a statement that it should have taken: report it.
    case refused(PostgresError)
    /// The head of a lane is not a sound tree: stop appending and run `dossier verify`.
    case damaged(lane: Lane)
    /// A lane is not what was signed of it: sign nothing more, and find out who changed which of the two.
    case contradicted(lane: Lane, reason: String)
    /// The file of checkpoints cannot be read or written: give it room, or rights, or another place.
    case file(reason: String)

    /// What an error of whatever was asked of the database means to whoever asked.
    public init(_ error: any Error) {
        switch error {
        case let error as LogError: self = error
        case PostgresError.refused("55P03", _, _): self = .busy
        case PostgresError.cancelled: self = .cancelled
        case let error as PostgresError: self = error.isTransient ? .unavailable(error) : .refused(error)
        case is CancellationError: self = .cancelled
        default: self = .unavailable(.unavailable(reason: "\(type(of: error))"))
        }
    }

    public var description: String {
        switch self {
        case .notCreated: "the database has no log; run 'dossier migrate' on it first"
        case .lacking(let user, let roles):
            "the database's user '\(user)' may not become \(roles.joined(separator: ", "))"
        case .unavailable(let error): "the log's database is away: \(error)"
        case .busy: "another process held the head of the log for too long; try again"
        case .cancelled: "cancelled"
        case .closed: "this log is closed"
        case .refused(let error): "the database refused to append: \(error)"
        case .damaged(let lane): "the head of lane \(lane) is not a sound tree; run 'dossier verify'"
        case .contradicted(let lane, let reason): "lane \(lane) is not what was signed of it: \(reason)"
        case .file(let reason): "the file of checkpoints: \(reason)"
        }
    }
}

extension PostgresError {
    /// Whether the same statement may succeed later without anybody's doing: lost connections, a server that starts or
    /// stops, resources used up, serialisation failures; and a standby, where there was a primary or will be one.
    ///
    /// Source: PostgreSQL documentation, appendix A, classes 08, 40, 53, 57, and 25006, `read_only_sql_transaction`.
    public var isTransient: Bool {
        switch self {
        case .unavailable, .busy, .cancelled: true
        case .misuse: false
        case .refused(let sqlState, _, _):
            sqlState == "25006" || ["08", "40", "53", "57"].contains(sqlState.prefix(2))
        }
    }
}
