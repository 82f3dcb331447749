/// What a status means for those who use the share server.
///
/// Statuses are an open set: one that Manila adds later falls into `failed` by its ending or else into `other`.
public enum StatusClass: String, Sendable, Hashable, CaseIterable {
    /// Shares on the server are served.
    case serving
    /// An attempt to do something with the server failed.
    case failed
    /// Manila is at work on the server, and another status is to follow.
    case transitional
    /// Neither of these, or a status that was unknown when this was written.
    case other
    /// Manila no longer knows the server: it was deleted, or is no longer managed.
    case absent

    /// The class of a status as Manila spells it, or of `absent`.
    /// Source: `constants.py` of Manila, the `STATUS_*` that its share-server code sets.
    public init(status: String) {
        switch status {
        case "active": self = .serving
        case "creating", "deleting", "manage_starting", "unmanage_starting", "network_change", "server_migrating",
            "server_migrating_to":
            self = .transitional
        case "absent": self = .absent
        case "error": self = .failed
        case let status where status.hasSuffix("_error"): self = .failed
        default: self = .other
        }
    }
}
