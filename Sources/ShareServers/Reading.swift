public import FoundationEssentials
public import Postgres

/// What one exchange says: the `call` event, and what its answer gives away of servers. Whether that is news is for an
/// `Observer` to tell.
public struct Reading: Sendable {
    /// The call itself.
    public let call: Event
    /// In the order of the answer; never a status that it does not state.
    let sightings: [Sighting]
    /// Whether Manila says that it does not know the server, which means something only where it did before.
    let isAbsence: Bool
    /// The moment of the answer, which is that of what it says of servers.
    public let time: Timestamp

    /// The servers that it tells of, in the order of the answer; one may come more than once.
    public var servers: [UUID] { sightings.map(\.server) }

    /// Reads an exchange; nil where it is no call to the share-server API.
    ///
    /// - Parameters:
    ///   - source: The `source` of the events, a URI reference such as `/gateway/alpha`.
    ///   - redaction: Takes out the secrets of everything that is kept.
    ///   - id: Of the `call` event; nil: one that is made of all that was seen.
    /// - Throws: Where no event can be made at all: see `Call.event(of:source:redaction:)`. Answers that cannot be
    ///   read give no sightings, and no error.
    public init?(
        of exchange: Exchange, source: String, redaction: Redaction, id: String? = nil
    ) throws(EventError) {
        var request: Body?
        let call = Call(method: exchange.method, target: exchange.target) {
            let body = Body(exchange.requestBody, whole: exchange.wholeRequest)
            request = body
            return body
        }
        guard let call else { return nil }
        let response = Body(exchange.responseBody, whole: exchange.wholeResponse)
        self.call = try call.event(
            of: exchange, request: request ?? Body(exchange.requestBody, whole: exchange.wholeRequest),
            response: response, source: source, redaction: redaction, id: id)
        time = exchange.answeredAt
        if let gone = Self.absence(of: call, in: exchange, response: response) {
            sightings = [Sighting(server: gone, time: time, members: [.status: "absent"])]
            isAbsence = true
        } else {
            sightings = Self.sightings(of: call, in: exchange, response: response)
            isAbsence = false
        }
    }

    static func sightings(of call: Call, in exchange: Exchange, response: Body) -> [Sighting] {
        let time = exchange.answeredAt
        guard let members = response.members else { return [] }
        switch (call.operation, exchange.status) {
        case (.list, 200):
            guard case .array(let servers)? = members["share_servers"] else { return [] }
            return servers.compactMap { Sighting(server: $0, time: time) }
        case (.show, 200), (.manage, 202):
            return members["share_server"].flatMap { Sighting(server: $0, time: time) }.map { [$0] } ?? []
        case (.details, 200):
            guard let server = call.serverID, case .object? = members["details"] else { return [] }
            return [Sighting(server: server, time: time, members: [:], details: members["details"])]
        case (.migrationComplete, 200), (.migrationGetProgress, 200):
            return migration(of: call, members, at: time)
        default: return []
        }
    }

    /// The server that Manila says it does not know.
    ///
    /// Only this very message says so: a call that needs a later microversion, or the experimental header, is not found
    /// either, whatever server it names.
    static func absence(of call: Call, in exchange: Exchange, response: Body) -> UUID? {
        guard exchange.status == 404, let server = call.serverID,
            let message = Fault(exchange: exchange, response: response)?.message,
            let match = message.wholeMatch(of: #/Share server (\S{36}) could not be found\./#),
            UUID(server: String(match.1)) == server
        else { return nil }
        return server
    }

    /// What is known of either end of a migration. Empty strings, as given before it is under way, mean unknown.
    private static func migration(of call: Call, _ members: [String: JSON], at time: Timestamp) -> [Sighting] {
        guard let server = call.serverID else { return [] }
        var sightings: [Sighting] = []
        if case .string(let state)? = members["task_state"], !state.isEmpty, call.operation == .migrationGetProgress,
            let value = Sighting.scalar(.string(state))
        {
            sightings.append(Sighting(server: server, time: time, members: [.taskState: value]))
        }
        if case .string(let id)? = members["destination_share_server_id"], let destination = UUID(server: id),
            destination != server
        {
            let source = JSON.string(server.subject)
            sightings.append(Sighting(server: destination, time: time, members: [.sourceShareServerID: source]))
        }
        return sightings
    }
}
