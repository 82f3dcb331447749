public import FoundationEssentials
import Postgres

/// Turns exchanges with Manila, in the order in which they passed by, into events.
///
/// Besides the calls themselves it notes what the answers give away of the servers, and remembers what it last saw of
/// each, so that an answer seen a thousand times makes one event. What it remembers is lost with it: the next observer
/// notes every server once more, which is true and harmless. What a log holds of a server can be given back to it with
/// `recall`, before it first hears of that server.
public struct Observer: Sendable {
    /// The `source` of every event.
    public let source: String
    let redaction: Redaction
    /// How many servers are remembered at most. When there are more, those absent or never seen are forgotten first, then those
    /// not seen for longest.
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

    /// The events of one exchange: those of `Reading(of:source:redaction:)`.
    ///
    /// - Returns: Nothing where the exchange is no call to the share-server API.
    /// - Throws: As `Reading(of:source:redaction:)`.
    public mutating func events(from exchange: Exchange) throws(EventError) -> [Event] {
        guard let reading = try Reading(of: exchange, source: source, redaction: redaction) else { return [] }
        return try events(from: reading)
    }

    /// The events of one exchange: the `call` first, then `status` and `backend_details` in the order of the answer.
    ///
    /// A `status` event is made when something in the answer differs from what was last seen, among the members that
    /// the answer has: older microversions have fewer, and what is left out has not changed. `updated_at` does not
    /// count. `status` is left out where the answer does not say it. That a server is absent is said of those that have
    /// been seen. Sightings that are older than what has been seen already are noted too, unless they say nothing new,
    /// but without `not_before`; where one falls into the time of a later status, that status is said again as of when
    /// it was last seen.
    ///
    /// - Parameter reading: Of the `source` of this observer.
    public mutating func events(from reading: Reading) throws(EventError) -> [Event] {
        var events = [reading.call]
        for sighting in reading.sightings {
            if reading.isAbsence, tracks[sighting.server]?.isSeen != true { continue }
            try note(sighting, call: reading.call.id, in: &events)
        }
        forget()
        return events
    }

    /// Whether anything is remembered of a server, be it that the log held nothing of it.
    public func knows(_ server: UUID) -> Bool { tracks[server] != nil }

    /// Remembers what a log holds of a server that is not known yet.
    ///
    /// A log does not tell until when a server was seen as it says. So what an exchange that is new to it tells first is
    /// noted though it may be the same: what comes to light later of the time between then does not reach beyond it.
    ///
    /// - Parameters:
    ///   - noted: Of this server and the `source` of this observer, in the order of time, from before the exchange that
    ///     is to be noted next. May be none: the server is known then, and has not been seen.
    ///   - isRepeated: Whether the log has that exchange already, so that only what differs is news.
    public mutating func recall(_ server: UUID, from noted: [Noted], isRepeated: Bool) {
        guard tracks[server] == nil else { return }
        var track = Track()
        for noted in noted { track.recall(noted) }
        if !isRepeated { track.doubt() }
        tracks[server] = track
    }

    /// Forgets servers, so that what is seen of them next is noted: what was made of them could not be kept.
    public mutating func forget(_ servers: [UUID]) {
        for server in servers { tracks[server] = nil }
    }

    /// Compares a sighting with what was last seen, and appends the events that say the difference.
    mutating func note(_ sighting: Sighting, call: String, in events: inout [Event]) throws(EventError) {
        var track = tracks[sighting.server] ?? Track()
        if let details = sighting.details, track.hasRecalledDetails {
            let evidence = Evidence(.json(details), raw: details.canonical(), redaction: redaction)
            track.compareRecalled(details, recorded: [evidence.whole, evidence.omitted])
        }
        let difference = track.take(sighting)
        tracks[sighting.server] = track

        if difference.hasNews {
            var data = sighting.data(without: difference.uncertain)
            if let notBefore = difference.notBefore { data["not_before"] = .string(notBefore.description) }
            events.append(try self.event(EventType.status, sighting, redaction.redact(.object(data)), call: call))
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
        _ details: JSON, _ sighting: Sighting, call: String
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

    /// The id is a digest of everything in the event and of the id of the call that it was drawn from: what is repeated
    /// collides, and what differs does not.
    private func event(
        _ type: String, _ sighting: Sighting, _ data: JSON, call: String
    ) throws(EventError) -> Event {
        let digest = Digest.hexadecimal([
            Array(source.utf8), Array(call.utf8), Array(type.utf8), Array(sighting.server.subject.utf8),
            Array(sighting.time.description.utf8), data.canonical(),
        ]).prefix(32)
        let topic = type == EventType.status ? "status" : "backend_details"
        return try Event(
            id: "\(topic)/\(digest)", source: source, type: type, time: sighting.time, subject: sighting.server.subject,
            data: data)
    }

    /// Keeps within `limit`; an eighth goes at once, so that the search for whom to forget is rare.
    mutating func forget() {
        guard tracks.count > limit else { return }
        let order = tracks.sorted { left, right in
            let (isLeftGone, isRightGone) = (!left.value.isPresent, !right.value.isPresent)
            if isLeftGone != isRightGone { return isLeftGone }
            return left.value.seenAt < right.value.seenAt
        }
        for (server, _) in order.prefix(tracks.count - (limit - limit / 8)) { tracks[server] = nil }
    }
}
