/// A share server of the fleet, as its Manila knows it.
struct Server: Sendable {
    var id: String
    var host: Int
    var project: Int
    var network: String
    var status: Status
    var taskState: String?
    /// Its own id, or, where it was managed again, that of the server it was.
    var identifier: String
    /// The server that it is a migration's destination of.
    var source: String?
    var createdAt: Int64
    var updatedAt: Int64
    /// Counts what has happened to it: what was planned before is void.
    var life = 0
}

/// The statuses that Manila gives, and `absent`.
///
/// Source: Manila, `constants.py`.
enum Status: String, Sendable {
    case creating, active, error, deleting, inactive, absent
    case manageStarting = "manage_starting"
    case manageError = "manage_error"
    case unmanageStarting = "unmanage_starting"
    case unmanageError = "unmanage_error"
    case serverMigrating = "server_migrating"
    case serverMigratingTo = "server_migrating_to"
    case networkChange = "network_change"
}

/// The poller: what it has seen, and since when it has been away.
struct Poller: Sendable {
    var rounds = 0
    /// The last round in which it looked.
    var lastRound: Int64 = 0
    /// Rounds that it still stays away.
    var awayFor = 0
    /// Whether it said that it stopped; otherwise it was lost.
    var hasStopped = false
}
