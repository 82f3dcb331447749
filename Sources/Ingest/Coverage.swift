public import EventLog
import FoundationEssentials
public import Postgres
public import ShareServers

/// What a source tells of its own watching: that it started, is alive, stopped, and when it could not see.
///
/// The source says at each moment that it saw, and appends the events that it is given for it before it says so again.
/// Where it did not see for longer than it may, or says that it missed something, the time since it last saw becomes a gap
/// as soon as it sees again; until then nothing is told, so that nobody takes it to be alive. A source that was killed
/// finds its gap at its next start.
public struct Coverage: Sendable {
    public let source: String
    /// The least time from one sign of life to the next, where nothing else is to be told.
    public let heartbeat: Duration
    /// The longest time between two moments at which it saw that is no gap.
    public let tolerance: Duration

    private let former: Sign?
    private var told: Timestamp?
    private var missed: String?
    /// The last moment at which it saw; nil before it has begun.
    public private(set) var seenAt: Timestamp?

    /// - Parameters:
    ///   - former: `Log.lastSign` of the source; nil where there is none, or the log cannot be asked: its gap is then to
    ///     be seen in the log all the same, only not told in so many words.
    ///   - tolerance: At least as long as it takes from one moment at which it sees to the next.
    public init(source: String, former: Sign?, heartbeat: Duration = .seconds(60), tolerance: Duration) {
        self.source = source
        self.former = former
        self.heartbeat = heartbeat
        self.tolerance = tolerance
    }

    /// It saw all that there was to see, and what was new is in the log.
    ///
    /// - Parameter time: A moment before the last one, of a clock that was set back, is passed over.
    public mutating func saw(at time: Timestamp) throws(EventError) -> [Event] {
        guard let seenAt else {
            (self.seenAt, told, missed) = (time, time, nil)
            var events = [try event("started", at: time)]
            if let former, !former.hasStopped, former.time < time {
                events.append(try gap(from: former.time, until: time, "it had ended without a word"))
            }
            return events
        }
        guard time > seenAt else { return [] }
        self.seenAt = time
        let (heartbeatAt, gapAt) = ((told ?? seenAt).advanced(by: heartbeat), seenAt.advanced(by: tolerance))
        if missed != nil || time > gapAt {
            let reason = missed ?? "it was held up"
            (told, missed) = (time, nil)
            return [try gap(from: seenAt, until: time, reason)]
        }
        guard time >= heartbeatAt else { return [] }
        told = time
        return [try event("alive", at: time)]
    }

    /// It could not see: the time since it last saw is a gap.
    ///
    /// - Parameter reason: One line, without secrets; the first one counts.
    public mutating func miss(_ reason: String) {
        if missed == nil { missed = reason }
    }

    /// It ends in order, at the last moment at which it saw: what came after that it cannot vouch for.
    public mutating func stop() throws(EventError) -> [Event] {
        guard let seenAt else { return [] }
        self.seenAt = nil
        return [try event("stopped", at: seenAt)]
    }

    private func gap(from: Timestamp, until: Timestamp, _ reason: String) throws(EventError) -> Event {
        try event(
            "gap", at: until,
            [
                "from": .string(from.description), "until": .string(until.description),
                "reason": .string(String(reason.prefix(500))),
            ])
    }

    private func event(
        _ state: String, at time: Timestamp, _ members: [String: JSON] = [:]
    ) throws(EventError) -> Event {
        var data = members
        data["state"] = .string(state)
        return try Event(
            id: "\(state)/\(UUID().uuidString.lowercased())", source: source, type: EventType.coverage, time: time,
            data: .object(data))
    }
}
