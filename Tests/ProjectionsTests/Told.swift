import EventLog
import FoundationEssentials
import Postgres
import ShareServers

/// An entry of the log, as the fold reads it: out of the event alone, and not out of the columns beside its body.
struct Told {
    let id: String
    let position: Position
    let time: Timestamp
    let type: String
    let source: String
    let server: UUID?
    let data: [String: JSON]

    init(_ event: Event, at position: Position) throws {
        id = event.id
        self.position = position
        time = event.time
        type = event.type
        source = event.source
        server = event.type.hasPrefix("org.openstack.manila.share_server.") ? event.subject.flatMap(UUID.init) : nil
        data = try JSON(parsing: event.canonical)["data"]?.object ?? [:]
    }

    var isStatus: Bool { type == "org.openstack.manila.share_server.status" }
    var isDetails: Bool { type == "org.openstack.manila.share_server.backend_details" }
    var isCall: Bool { type == "org.openstack.manila.share_server.call" }

    /// The status that a sighting states; nil for a partial one.
    var status: String? { isStatus ? data["status"]?.string : nil }
    var httpStatus: Int? { isCall ? data["http_status"]?.int : nil }

    /// Whether it is a call that asked to change the server.
    var isChange: Bool {
        let changing = [
            "delete", "manage", "unmanage", "reset_status", "reset_task_state", "migration_start",
            "migration_complete", "migration_cancel",
        ]
        return isCall && changing.contains(data["operation"]?.string ?? "")
    }

    var isAcceptedChange: Bool { isChange && httpStatus.map { (200...299).contains($0) } ?? false }

    var isError: Bool {
        if let status { return status == "error" || status.hasSuffix("_error") }
        return isChange && httpStatus.map { $0 >= 400 } ?? false
    }
}

extension Told: CustomStringConvertible {
    var description: String {
        let type = type.split(separator: ".").last ?? ""
        return "\(position) \(id) \(time) \(type) \(String(decoding: JSON.object(data).canonical(), as: UTF8.self))"
    }
}
