import FoundationEssentials
import Postgres

/// Turns exchanges with Manila, in the order in which they passed by, into events.
///
/// Besides the calls themselves it notes what the answers give away of the servers, and remembers what it last saw of
/// each, so that an answer seen a thousand times makes one event. What it remembers is lost with it: the next observer
/// notes every server once more, which is true and harmless.
public struct Observer: Sendable {
    /// The `source` of every event.
    public let source: String
    let redaction: Redaction
    /// How many servers are remembered at most. When there are more, servers known to be absent are forgotten first,
    /// then those not seen for longest.
    public let limit: Int
    var tracks: [UUID: Track] = [:]

    /// - Parameters:
    ///   - source: A URI reference, such as `/gateway/alpha`.
    ///   - redaction: Takes out the secrets of everything that is kept.
    ///   - limit: At least 1. A server takes about half a kilobyte.
    public init(source: String, redaction: Redaction, limit: Int = 1_000_000) {
        self.source = source
        self.redaction = redaction
        self.limit = max(1, limit)
    }

    /// The events of one exchange: the `call` first, then `status` and `backend_details` in the order of the answer.
    ///
    /// A `status` event is made when something in the answer differs from what was last seen, among the members that
    /// the answer has: older microversions have fewer, and what is left out has not changed. `updated_at` does not
    /// count. `status` is left out where the answer does not say it. Sightings that are older than what has been seen
    /// already are noted too, unless they say nothing new, but without `not_before`; where one falls into the time of a
    /// later status, that status is said again as of when it was last seen.
    ///
    /// - Returns: Nothing where the exchange is no call to the share-server API.
    /// - Throws: Where no event can be made at all: see `Call.event(of:source:redaction:)`. Answers that cannot be
    ///   read give no sightings, and no error.
    public mutating func events(from exchange: Exchange) throws(EventError) -> [Event] {
        var request: Body?
        let call = Call(method: exchange.method, target: exchange.target) {
            let body = Body(exchange.requestBody)
            request = body
            return body
        }
        guard let call else { return [] }
        let response = Body(exchange.responseBody)
        let event = try call.event(
            of: exchange, request: request ?? Body(exchange.requestBody), response: response, source: source,
            redaction: redaction)
        var events = [event]
        for sighting in sightings(of: call, in: exchange, response: response) {
            try note(sighting, call: event, in: &events)
        }
        forget()
        return events
    }

    /// Compares a sighting with what was last seen, and appends the events that say the difference.
    private mutating func note(_ sighting: Sighting, call: Event, in events: inout [Event]) throws(EventError) {
        var track = tracks[sighting.server] ?? Track()
        let difference = track.take(sighting)
        tracks[sighting.server] = track

        if difference.hasNews {
            var data = sighting.data(without: difference.uncertain)
            if let notBefore = difference.notBefore { data["not_before"] = .string(notBefore.description) }
            events.append(try self.event(EventType.status, sighting, .object(data), call: call))
        }
        if let (status, time) = difference.reaffirmed {
            let again = Sighting(server: sighting.server, time: time, members: [.status: .string(status)])
            events.append(try self.event(EventType.status, again, .object(again.data(without: nil)), call: call))
        }
        if difference.hasNewDetails, let details = sighting.details {
            events.append(try backendDetails(details, sighting, call: call))
        }
    }

    private func backendDetails(
        _ details: JSON, _ sighting: Sighting, call: Event
    ) throws(EventError) -> Event {
        let evidence = Evidence(.json(details), raw: details.canonical(), redaction: redaction)
        if evidence.canonical.count < Event.maximumBytes, let whole = evidence.whole {
            do {
                return try event(EventType.backendDetails, sighting, ["details": whole], call: call)
            } catch {
                guard case .tooLarge = error else { throw error }
            }
        }
        return try event(EventType.backendDetails, sighting, ["details": evidence.omitted ?? .null], call: call)
    }

    /// The id is a digest of everything in the event and of the call that it was drawn from: what is repeated collides,
    /// and what differs does not.
    private func event(
        _ type: String, _ sighting: Sighting, _ data: JSON, call: Event
    ) throws(EventError) -> Event {
        let digest = Digest.hexadecimal([
            Array(source.utf8), Array(call.id.utf8), Array(type.utf8), Array(sighting.server.subject.utf8),
            Array(sighting.time.description.utf8), data.canonical(),
        ]).prefix(32)
        let topic = type == EventType.status ? "status" : "backend_details"
        return try Event(
            id: "\(topic)/\(digest)", source: source, type: type, time: sighting.time, subject: sighting.server.subject,
            data: data)
    }

    /// Keeps within `limit`; an eighth goes at once, so that the search for whom to forget is rare.
    private mutating func forget() {
        guard tracks.count > limit else { return }
        let order = tracks.sorted { left, right in
            if left.value.isAbsent != right.value.isAbsent { return left.value.isAbsent }
            return left.value.seenAt < right.value.seenAt
        }
        for (server, _) in order.prefix(tracks.count - (limit - limit / 8)) { tracks[server] = nil }
    }
}
