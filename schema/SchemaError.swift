public import Postgres

/// Why a database could not be brought to this program's schema.
public enum SchemaError: Error, Sendable, CustomStringConvertible {
    /// A migration that was applied differs from this program's: restore the file, and change the schema by a new one.
    case changed(migration: String)
    /// The database has a migration that this program lacks: use the newer program.
    case unknown(migration: String)
    /// PostgreSQL refused a migration; nothing of it, or of those after it, remains.
    case failed(migration: String, PostgresError)
    /// A login is not one that the service should work as: name another.
    case unfit(login: String, reason: String)
    /// The database could not be asked.
    case database(PostgresError)

    init(_ error: any Error) {
        switch error {
        case let error as SchemaError: self = error
        case let error as PostgresError: self = .database(error)
        default: self = .database(.unavailable(reason: "\(type(of: error))"))
        }
    }

    public var description: String {
        switch self {
        case .changed(let migration):
            "migration \(migration) was changed after it had been applied to this database; restore its file and put "
                + "the change into a new migration"
        case .unknown(let migration):
            "the database has migration \(migration), which this program does not know; run the newer program"
        case .failed(let migration, .refused("42501", _, let reason)):
            "migration \(migration) was refused (\(reason)): migrate as a user that may create schemas and roles"
        case .failed(let migration, let error): "migration \(migration) failed: \(error)"
        case .unfit(let login, let reason): "the service should not log in as '\(login)': \(reason)"
        case .database(let error): "\(error)"
        }
    }
}
