import EmbeddedPostgres
import EventLog
import Ingest
import Postgres
import Projections
import Schema
import TransparencyLog

/// What is told to whoever started the process when it could not do what was asked: what was wrong and where, and what
/// to do about it. The one place where errors become words and exit statuses.
struct Failure: Error, Sendable, Hashable {
    let message: String
    let advice: String?
    let status: ExitStatus

    init(_ message: String, advice: String? = nil, status: ExitStatus = .failed) {
        self.message = message
        self.advice = advice
        self.status = status
    }

    init(_ error: any Error) {
        switch error {
        case let error as Failure: self = error
        case let error as APIError: self.init(error)
        case let error as LogError: self.init(error)
        case let error as TransparencyError: self.init(error.description, status: .unverified)
        case let error as ProjectionError: self.init(error)
        case let error as IngestError: self.init(error)
        case let error as SchemaError: self.init(error)
        case let error as PostgresError: self.init(error)
        case let error as EmbeddedPostgresError: self.init(String(describing: error))
        case is CancellationError: self.init("interrupted", status: .interrupted)
        default: self.init(String(describing: error))
        }
    }

    /// As it is printed: one line for what was wrong, one for what to do.
    var text: String {
        "dossier: \(message.escapedForTerminal)\n" + (advice.map { "         \($0.escapedForTerminal)\n" } ?? "")
    }

    private init(_ error: APIError) {
        switch error {
        case .unreachable(let url, let reason):
            self.init(
                "no Dossier answers at \(url): \(reason)",
                advice: "Start one with 'dossier up', or say where it is with --url or DOSSIER_URL.")
        case .refused(401, let title, let detail):
            self.init(
                detail.map { "\(title): \($0)" } ?? title,
                advice: "Put a token into DOSSIER_TOKEN, or into a file of your own and name it with --token-file.")
        case .refused(403, let title, let detail):
            self.init(
                detail.map { "\(title): \($0)" } ?? title,
                advice: "Ask whoever runs Dossier for a token that may: 'dossier tokens create'.")
        case .refused(let status, let title, let detail):
            self.init(
                detail.map { "\(title): \($0)" } ?? title,
                advice: status >= 500 ? "The service cannot answer just now; its log says more. Try again." : nil)
        case .notDossier(let url, let reason):
            self.init(
                "what answers at \(url) is no Dossier: \(reason)",
                advice: "Say where Dossier is with --url or DOSSIER_URL.")
        }
    }

    private init(_ error: LogError) {
        switch error {
        case .notCreated: self = .notCreated
        case .lacking(let user, let roles):
            self.init(
                String(describing: error),
                advice: "Where the roles are missing, run 'dossier migrate' as the owner of the database; else let an "
                    + "administrator say: GRANT \(roles.joined(separator: ", ")) TO \(user)")
        case .cancelled: self.init(CancellationError())
        case .unavailable(let error), .refused(let error): self.init(error)
        case .contradicted:
            self.init(
                String(describing: error),
                advice:
                    "Nothing was signed. Compare the log, its checkpoints and the file; 'dossier verify' names entries.",
                status: .unverified)
        default: self.init(String(describing: error))
        }
    }

    private init(_ error: IngestError) {
        switch error {
        case .log(let error): self.init(error)
        case .cancelled: self.init(CancellationError())
        default: self.init(String(describing: error))
        }
    }

    private init(_ error: ProjectionError) {
        switch error {
        case .notCreated: self = .notCreated
        case .cancelled: self.init(CancellationError())
        case .rebuilding: self.init(error.description)
        case .unavailable(let error), .refused(let error): self.init(error)
        }
    }

    private init(_ error: SchemaError) {
        if case .database(let error) = error {
            self.init(error)
        } else {
            self.init(String(describing: error))
        }
    }

    private init(_ error: PostgresError) {
        switch error {
        case .unavailable(let reason):
            self.init(
                "the database does not answer: \(reason)",
                advice: "Check --database or DOSSIER_DATABASE_URL, and that PostgreSQL runs there.")
        case .refused("42P01", _, _), .refused("3F000", _, _): self = .notCreated
        case .refused("22023", let query, _) where query.hasPrefix("SET ROLE"):
            self.init(
                "the database's cluster lacks a role that this needs",
                advice: "Run 'dossier migrate' as the owner of the database.")
        case .refused("42501", _, let reason):
            self.init(
                "the database refused for want of rights: \(reason)",
                advice: "Connect as a member of \(Role.service.map(\.rawValue).joined(separator: ", ")); "
                    + "to migrate, as the owner of the database that may create roles.")
        case .cancelled: self.init(CancellationError())
        default: self.init(String(describing: error))
        }
    }

    /// What is said of a user that the service works as and should not.
    static func powerful(_ user: String) -> Failure {
        Failure(
            "the database's user '\(user)' could change the log: it is a superuser, owns it, or may create roles",
            advice: "Make a login for the service with 'dossier migrate --roles', and name it in --database.")
    }

    private static let notCreated = Failure(
        "the database has no log", advice: "Run 'dossier migrate' on it first.")
}
