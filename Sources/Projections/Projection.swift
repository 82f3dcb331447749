import EventLog
import Postgres

/// A pure function of a prefix of the log, kept as tables that can always be rebuilt.
///
/// Applying positions `[a, b)` and then `[b, c)` of a lane gives the same tables as applying `[a, c)`. What an event
/// means does not hang on when it came in: the order that counts is (time of the event, position).
public struct Projection: Sendable {
    /// As in `dossier.projections`.
    public let name: String
    /// Raised whenever the same log would give other tables: they are then rebuilt.
    public let version: Int32
    /// The tables it alone writes, in the schema `dossier`.
    public let tables: [String]
    /// Applies a range of positions within a transaction; all before it must have been applied.
    ///
    /// Its statements name the tables without a schema: they are those of the session's search path.
    let apply: @Sendable (Lane, Range<Int64>, isolated Connection) throws(PostgresError) -> Void

    /// Every projection there is.
    public static let all: [Projection] = [.servers, .callStats, .coverage]
}
