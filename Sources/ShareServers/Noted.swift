public import FoundationEssentials
public import Postgres

/// What a log holds of one sighting of a server: a `status` or a `backend_details` event.
public struct Noted: Sendable {
    public let server: UUID
    public let type: String
    public let time: Timestamp
    public let data: JSON

    public init(server: UUID, type: String, time: Timestamp, data: JSON) {
        self.server = server
        self.type = type
        self.time = time
        self.data = data
    }

    /// Whether this tells all that `event` does of the same server at the same moment, whatever either has as
    /// `not_before`.
    public func tells(_ event: Event) -> Bool {
        guard event.type == type, event.serverID == server, event.time == time,
            let members = try? JSON(parsing: event.canonical)["data"]?.object
        else { return false }
        return members.allSatisfy { name, value in name == "not_before" || data[name] == value }
    }
}
