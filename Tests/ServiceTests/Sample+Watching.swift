import FoundationEssentials
import ShareServers

/// Events by sources of their own, and what these say of their watching.
extension Sample {
    /// What a source says of itself.
    static func watching(
        _ source: String, _ state: String, at seconds: Double, _ more: [String: JSON] = [:]
    ) throws -> Event {
        try event(EventType.coverage, nil, by: source, seconds, more.merging(["state": .string(state)]) { $1 })
    }

    /// A source tells that it did not watch from one moment to another.
    static func gap(_ source: String, from: Double, until: Double, at seconds: Double) throws -> Event {
        try watching(source, "gap", at: seconds, ["from": .string(text(from)), "until": .string(text(until))])
    }

    /// A source saw a server in a state.
    static func sighting(
        _ server: UUID, _ status: String, by source: String, at seconds: Double, _ more: [String: JSON] = [:]
    ) throws -> Event {
        try event(EventType.status, server, by: source, seconds, more.merging(["status": .string(status)]) { $1 })
    }

    /// An event whose id is made of all that it says, so that different events never collide.
    private static func event(
        _ type: String, _ server: UUID?, by source: String, _ seconds: Double, _ data: [String: JSON]
    ) throws -> Event {
        let content = String(decoding: JSON.object(data).canonical(), as: UTF8.self)
        return try Event(
            id: "\(type)/\(server?.lower ?? "-")/\(seconds)/\(content)", source: source, type: type,
            time: time(seconds), subject: server?.lower, data: .object(data))
    }

    /// The parameters of a window, in seconds after 09:00.
    static func window(_ from: Double, _ until: Double) -> String { "from=\(text(from))&until=\(text(until))" }

    /// The number of a server of `Sample.server`.
    static func number(_ id: JSON?) -> Int? { (1...200).first { server($0).lower == id?.string } }
}

extension [JSON] {
    /// The same member of every element.
    func column(_ name: String) -> [JSON] { JSON.array(self).column(name) }
}
