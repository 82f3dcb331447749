/// What a call to Manila's share-server API asks for.
///
/// The raw value is the `operation` of a `call` event. For the actions (`unmanage` to `resetTaskState`) it is also the
/// one key of the request's body.
/// Source: Manila API reference, "Share servers" and "Share server migration".
public enum Operation: String, Sendable, Hashable, CaseIterable {
    case list
    case show
    case details
    case delete
    case manage
    case unmanage
    case resetStatus = "reset_status"
    case migrationCheck = "migration_check"
    case migrationStart = "migration_start"
    case migrationComplete = "migration_complete"
    case migrationCancel = "migration_cancel"
    case migrationGetProgress = "migration_get_progress"
    case resetTaskState = "reset_task_state"
    /// A call below `…/share-servers` that Manila does not define, or an action whose body cannot be read.
    case other

    /// Whether Manila changes a share server when it accepts the call.
    ///
    /// False for `other`, of which nothing is known: ask `Call.mayChange` before letting one pass.
    public var isChanging: Bool {
        switch self {
        case .delete, .manage, .unmanage, .resetStatus, .resetTaskState, .migrationStart, .migrationComplete,
            .migrationCancel:
            true
        case .list, .show, .details, .migrationCheck, .migrationGetProgress, .other: false
        }
    }

    /// Whether the call does no more than read what Manila's database holds.
    public var isReading: Bool {
        switch self {
        case .list, .show, .details: true
        default: false
        }
    }

    /// The action that `POST …/{id}/action` asks for with `key` as the one key of its body; `other` for unknown keys.
    public init(action key: String) {
        switch Operation(rawValue: key) {
        case .some(let named) where Self.actions.contains(named): self = named
        default: self = .other
        }
    }

    private static let actions: Set<Operation> = [
        .unmanage, .resetStatus, .resetTaskState, .migrationCheck, .migrationStart, .migrationComplete,
        .migrationCancel, .migrationGetProgress,
    ]
}
