public import FoundationEssentials
public import Postgres

/// For a source that asks Manila itself: what it asks is no operator's call, and is not kept.
extension Observer {
    /// The `status` and `backend_details` events of an answer, as those of `events(from: Reading)`, without a call.
    ///
    /// - Parameter onFault: Called for a server of which no event can be made; the others are noted all the same.
    public mutating func events(from polled: Polled, onFault: (EventError) -> Void) -> [Event] {
        var events: [Event] = []
        for sighting in polled.sightings {
            if polled.isAbsence, tracks[sighting.server]?.isSeen != true { continue }
            do throws(EventError) {
                try note(sighting, call: "", in: &events)
            } catch {
                onFault(error)
            }
        }
        forget()
        return events
    }

    /// Takes every server that is present as seen again as it was: the answer was the same once more.
    public mutating func confirm(at time: Timestamp, asked: Timestamp) {
        // In place: not by keys, which would copy them all.
        var index = tracks.values.startIndex
        while index != tracks.values.endIndex {
            tracks.values[index].confirm(at: time, asked: asked)
            tracks.values.formIndex(after: &index)
        }
    }

    /// Remembers what a log holds of a server that is not known yet, from a source that tells what it sees at once and in
    /// the order of time: only what differs is news.
    ///
    /// - Parameters:
    ///   - noted: Of this server and the `source` of this observer, in the order of time.
    ///   - seenUntil: The last moment at which the source is known to have seen all that it had told to be so still.
    ///     Nil: no later than it told.
    public mutating func recall(_ server: UUID, from noted: [Noted], seenUntil: Timestamp?) {
        guard tracks[server] == nil else { return }
        recall(server, from: noted, isRepeated: true)
        if let seenUntil { tracks[server]?.confirm(at: seenUntil, asked: seenUntil) }
    }

    /// Takes notice that another source told of a status.
    ///
    /// - Returns: Whether it is another than the one last told here, and of later, so that the next sighting will be told
    ///   though it be as the one before.
    public mutating func hear(_ status: String, of server: UUID, at time: Timestamp) -> Bool {
        tracks[server]?.hear(status, at: time) ?? false
    }

    /// The servers that are there as far as is known and are not among `listed`.
    public func missing(from listed: Set<UUID>) -> [UUID] {
        tracks.compactMap { server, track in track.isPresent && !listed.contains(server) ? server : nil }
    }

    /// Whether the back-end details of a server have been told.
    public func hasDetails(of server: UUID) -> Bool { tracks[server]?.hasDetails == true }
}
