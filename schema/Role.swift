public import Postgres
import Queries

/// What a session may do: a role of the database, which it takes on when it connects.
///
/// They belong to the whole cluster, and nobody logs in as one of them. Source: m008.
public enum Role: String, Sendable, Hashable, CaseIterable {
    /// Owns the schemas and all that is in them; no process works as it.
    case owner = "dossier_owner"
    /// Appends to the log and signs it.
    case writer = "dossier_writer"
    /// Reads all but the key under which secrets are hidden.
    case reader = "dossier_reader"
    /// Reads what is of some projects; whoever may become a reader may become this. Source: m010.
    case projectReader = "dossier_project_reader"
    /// Reads the log and writes projections.
    case projector = "dossier_projector"

    /// What a session says first, to do no more than the role may.
    public var setup: String { "SET ROLE \(rawValue)" }

    /// Those that a service works as.
    public static let service: [Role] = [.writer, .reader, .projector]
}

/// What the user of a connection is, and may become.
public struct Rights: Sendable, Hashable {
    public let user: String
    /// Whether it can change what is in the log: a superuser, the owner, or one that may create roles.
    public let isPowerful: Bool
    /// Which of the roles that were asked for it may not become.
    public let lacking: [String]
    /// Whether the database has the schema of a log.
    public let isLogCreated: Bool

    /// The rights of a connection's own user.
    ///
    /// - Source: `queries/schema/fetch_rights.sql`
    public static func fetch(
        _ roles: [Role], on connection: isolated Connection
    ) throws(PostgresError) -> Rights {
        let query = Queries.Schema.fetchRights(user: nil, roles: roles.map(\.rawValue))
        let row = try connection.fetchOne(query)
        return Rights(
            user: row.userName, isPowerful: row.isPowerful, lacking: row.lacking, isLogCreated: row.isCreated)
    }
}
