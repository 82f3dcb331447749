public import FoundationEssentials
public import Postgres

/// What Manila's answer to a source's own question says of servers: a `Reading` without its call.
public struct Polled: Sendable {
    private(set) var sightings: [Sighting]
    /// Whether Manila says that it does not know the server that it was asked for.
    public let isAbsence: Bool
    /// The moment of the answer, which is that of what it says of servers.
    public let time: Timestamp
    /// The moment of the question: what the answer says was so later than that.
    public let asked: Timestamp
    /// Servers of a list that could not be read: who is missing from it cannot be told then.
    public let unreadable: Int

    /// The servers that it tells of, in the order of the answer.
    public var servers: [UUID] { sightings.map(\.server) }

    /// Reads the answer to a list, to a show, or Manila's word that it does not know the server; nil for every other
    /// answer, and for one that is not of the form that Manila gives it.
    public init?(_ exchange: Exchange) {
        guard let call = Call(recognising: exchange) else { return nil }
        let response = Body(exchange.responseBody)
        (time, asked) = (exchange.answeredAt, exchange.startedAt)
        if let gone = Reading.absence(of: call, in: exchange, response: response) {
            sightings = [Sighting(server: gone, time: time, asked: asked, members: [.status: "absent"])]
            (isAbsence, unreadable) = (true, 0)
            return
        }
        sightings = Reading.sightings(of: call, in: exchange, response: response)
        for index in sightings.indices { sightings[index].asked = asked }
        isAbsence = false
        switch (call.operation, exchange.status) {
        case (.list, 200):
            guard case .array(let servers)? = response.members?["share_servers"] else { return nil }
            unreadable = servers.count - sightings.count
        case (.show, 200):
            guard sightings.count == 1, sightings[0].server == call.serverID else { return nil }
            unreadable = 0
        default: return nil
        }
    }
}
