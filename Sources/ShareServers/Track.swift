import Postgres

/// What was last seen of one server. Values but the status are kept as hashes: they are compared, never shown.
struct Track: Sendable {
    /// One member as last seen.
    private struct Trace: Sendable {
        var hash: Int
        /// The first and the last time at which it is known to have been so, with nothing else seen between.
        var since: Timestamp
        var until: Timestamp
        /// Until when it is known to have been so for sure: an answer may say what was so when it was asked for.
        var surely: Timestamp
        /// Whether something else has been learnt of the time between, so that the next sighting counts as news.
        var isDoubted = false
    }

    private var traces = [Trace?](repeating: nil, count: Sighting.Member.allCases.count)
    private var details: Trace?
    /// Hashes of the share network subnets last seen.
    private var subnets: [Int] = []
    private var status = ""
    /// Until when the status was surely as last told here, where another source has told another one since.
    private var undisputedUntil: Timestamp?
    /// Whether anything was ever told of the server.
    private(set) var isSeen = false
    var isPresent: Bool { isSeen && status != "absent" }
    private(set) var seenAt = Timestamp.earliest
    /// The time of what was last told.
    private var toldAt = Timestamp.earliest
    /// Whether the details last seen are those of a log, redacted: the next are compared as they would be recorded.
    private(set) var hasRecalledDetails = false

    /// What a sighting says that was not known.
    struct Difference: Sendable {
        /// Whether some member differs from what was last seen, was never seen, or is from an earlier time.
        var hasNews = false
        var hasNewDetails = false
        /// The last moment at which what differs was still seen as before.
        var notBefore: Timestamp?
        /// The status last seen, and when: to be said again, because a late sighting of another status that came after
        /// it was first seen would otherwise seem to be the last word.
        var reaffirmed: (status: String, at: Timestamp)?
        /// A member that the answer does not give in full, and that need not have changed.
        var uncertain: Sighting.Member?
    }

    private enum Verdict {
        case known
        case new
        case changed(notBefore: Timestamp)
        case late
        /// Late as well, and of a time within which another value was taken to have stood.
        case contradicting
    }

    /// Compares with `sighting` and remembers it.
    mutating func take(_ sighting: Sighting) -> Difference {
        var difference = Difference()
        var isLate = false
        var moments: [Timestamp] = []
        var statusMoment: Timestamp?
        for member in Sighting.Member.allCases {
            guard let value = sighting.members[member] else { continue }
            if member == .shareNetworkSubnetIDs, sighting.hasFirstSubnetOnly, isAmongSubnets(value) {
                difference.uncertain = member
                continue
            }
            switch Self.compare(&traces[member.rawValue], value.hashValue, of: sighting) {
            case .known: continue
            case .late: isLate = true
            case .contradicting:
                isLate = true
                if member == .status { reaffirm(in: &difference) }
            case .new: remember(member, value)
            case .changed(let notBefore):
                remember(member, value)
                moments.append(notBefore)
                if member == .status { statusMoment = notBefore }
            }
            difference.hasNews = true
        }
        if !isLate { difference.notBefore = statusMoment ?? moments.min() ?? undisputedUntil }
        if difference.hasNews, !isLate { (toldAt, undisputedUntil) = (sighting.time, nil) }
        if let details = sighting.details {
            let verdict = Self.compare(&self.details, details.hashValue, of: sighting)
            if case .known = verdict {} else { difference.hasNewDetails = true }
        }
        isSeen = true
        seenAt = max(seenAt, sighting.time)
        return difference
    }

    /// Takes what a log holds of a sighting.
    mutating func recall(_ noted: Noted) {
        switch (noted.type, noted.data["details"]) {
        case (EventType.status, _): _ = take(Sighting(noted))
        case (EventType.backendDetails, let recorded?):
            details = Trace(
                hash: recorded.hashValue, since: noted.time, until: noted.time, surely: noted.time)
            hasRecalledDetails = true
            isSeen = true
            seenAt = max(seenAt, noted.time)
        default: break
        }
    }

    /// Takes what is remembered as no longer certain, so that the next sighting counts as news. That a server is gone
    /// for good stays certain.
    mutating func doubt() {
        guard isPresent else { return }
        for index in traces.indices { traces[index]?.isDoubted = true }
        details?.isDoubted = true
    }

    /// Takes notice that another source told of a status: where it is another than the one last told here, and of later,
    /// whoever reads the log holds it for the last word, so that the next sighting is to be told though it be the same.
    ///
    /// - Returns: Whether that is so.
    mutating func hear(_ status: String, at time: Timestamp) -> Bool {
        guard isPresent, status != self.status, time > toldAt else { return false }
        undisputedUntil = traces[Sighting.Member.status.rawValue]?.surely
        traces[Sighting.Member.status.rawValue]?.isDoubted = true
        return true
    }

    /// Takes all that is remembered but details as seen again at `time`, unless something else was seen since.
    ///
    /// - Parameter asked: The moment of the question.
    mutating func confirm(at time: Timestamp, asked: Timestamp) {
        guard isPresent else { return }
        for index in traces.indices {
            guard let last = traces[index], last.until < time else { continue }
            traces[index]?.until = time
            traces[index]?.surely = max(last.surely, asked)
        }
        seenAt = max(seenAt, time)
    }

    /// Whether details were ever told.
    var hasDetails: Bool { details != nil }

    /// Compares details with those recalled, in the forms in which a log may have recorded them.
    mutating func compareRecalled(_ seen: JSON, recorded: [JSON?]) {
        hasRecalledDetails = false
        if recorded.contains(where: { $0?.hashValue == details?.hash }) { details?.hash = seen.hashValue }
    }

    private mutating func remember(_ member: Sighting.Member, _ value: JSON) {
        switch (member, value) {
        case (.status, .string(let text)): status = text
        case (.shareNetworkSubnetIDs, .array(let ids)): subnets = ids.map(\.hashValue)
        default: break
        }
    }

    private mutating func reaffirm(in difference: inout Difference) {
        guard let last = traces[Sighting.Member.status.rawValue] else { return }
        difference.reaffirmed = (status, last.until)
        traces[Sighting.Member.status.rawValue]?.isDoubted = false
        traces[Sighting.Member.status.rawValue]?.since = last.until
    }

    /// Whether the one subnet of an answer is one of several that were seen before.
    private func isAmongSubnets(_ value: JSON) -> Bool {
        guard case .array(let ids) = value, let first = ids.first, subnets.count > 1 else { return false }
        return subnets.contains(first.hashValue)
    }

    private static func compare(_ trace: inout Trace?, _ hash: Int, of sighting: Sighting) -> Verdict {
        let time = sighting.time
        let seen = Trace(hash: hash, since: time, until: time, surely: sighting.asked ?? time)
        guard let last = trace else {
            trace = seen
            return .new
        }
        if time >= last.until {
            trace?.until = time
            trace?.surely = max(last.surely, seen.surely)
            guard hash == last.hash, !last.isDoubted else {
                trace = seen
                return hash == last.hash ? .new : .changed(notBefore: last.surely)
            }
            return .known
        }
        guard time >= last.since else { return .late }
        if hash == last.hash { return last.isDoubted ? .late : .known }
        trace?.isDoubted = true
        return .contradicting
    }
}
