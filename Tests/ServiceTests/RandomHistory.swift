import Foundation
import Postgres
import ShareServers
import Testing

/// Random histories of a few share servers, in which everything happens that figures have to do with: servers that
/// move, go and come back, sightings that say little, sources that watch now and then, calls that cause something or
/// not.
struct RandomHistory {
    var random: SplitMix
    private var count = 0

    /// In the past, whatever the clock says.
    static let moment = Timestamp("2024-09-01T00:00:00Z")!
    static let start = moment.microseconds
    static let minute: Int64 = 60_000_000
    static let span = 360 * minute

    private static let statuses = [
        "active", "active", "active", "error", "creating", "manage_starting", "deleting", "manage_error",
        "server_migrating", "inactive", "of the future", "absent",
    ]
    private static let calls = [
        "delete", "unmanage", "reset_status", "reset_status", "migration_start", "manage", "reset_task_state", "show",
        "migration_check",
    ]
    /// What tells of a server. The gateway never says when it is watching.
    private static let sources = [
        ["/poller"], ["/poller"], ["/other"], ["/poller", "/other"], ["/gateway"], ["/poller", "/gateway"],
    ]

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    /// How the times of events are drawn.
    enum Times {
        /// No two of one server, and no two of the coverage of one source, are the same.
        case distinct
        /// Out of a few, so that several things happen at once: what came later counts as later.
        case few
    }

    /// Events in a random order of arrival.
    mutating func events(servers: Int, length: Int, _ kind: Times = .distinct) throws -> [Event] {
        var events: [Event] = []
        for number in 1...servers { events += try life(of: Sample.server(number), of: servers, length, kind) }
        for source in ["/poller", "/other"] {
            for time in times(Int.random(in: 4...24, using: &random), kind) {
                events.append(try event("org.dossier.source.coverage", source, time, nil, coverage(at: time)))
            }
        }
        events.shuffle(using: &random)
        return events
    }

    /// A half-open window, often from or to a moment at which something happens.
    mutating func window(_ events: [Event]) -> Range<Int64> {
        while true {
            let bounds = (0..<2).map { _ in
                random.chance(50)
                    ? random.pick(events).time.microseconds
                    : Int64.random(in: Self.start - Self.span / 4..<Self.start + Self.span * 5 / 4, using: &random)
            }
            if bounds[0] != bounds[1] { return bounds.min()!..<bounds.max()! }
        }
    }

    // MARK: - Parts

    private mutating func times(_ count: Int, _ kind: Times) -> [Int64] {
        if kind == .few {
            return (0..<count).map { _ in Self.start + Int64.random(in: 0..<18, using: &random) * 20 * Self.minute }
                .sorted()
        }
        var times: Set<Int64> = []
        while times.count < count {
            times.insert(Self.start + Int64.random(in: 0..<Self.span, using: &random))
        }
        return times.sorted()
    }

    private mutating func life(
        of server: UUID, of servers: Int, _ length: Int, _ kind: Times
    ) throws -> [Event] {
        let times = times(Int.random(in: 1...length, using: &random), kind)
        let sources = random.pick(Self.sources)
        // Once told, they stay.
        var lasting: [String: JSON] = [:]
        if random.chance(60) { lasting["created_at"] = createdAt(before: times[0]) }
        if random.chance(30) {
            let former = Sample.server(Int.random(in: 1...servers, using: &random))
            lasting["identifier"] = .string(former.lower)
        }
        return try times.map { time in
            let prefix = "org.openstack.manila.share_server."
            return switch Int.random(in: 0..<100, using: &random) {
            case 0..<70:
                try event(prefix + "status", random.pick(sources), time, server, status(at: time, lasting))
            case 70..<75:
                try event(
                    prefix + "backend_details", "/poller", time, server, ["details": ["n": .number(Double(count))]])
            default: try event(prefix + "call", "/gateway", time, server, call())
            }
        }
    }

    private mutating func event(
        _ type: String, _ source: String, _ time: Int64, _ server: UUID?, _ data: JSON
    ) throws -> Event {
        count += 1
        return try Event(
            id: "e\(count)", source: source, type: type, time: Timestamp(microseconds: time), subject: server?.lower,
            data: data)
    }

    private static func text(_ microseconds: Int64) -> JSON {
        .string(Timestamp(microseconds: microseconds).description)
    }

    /// As Manila writes it, in UTC without a zone; or as everybody else does.
    private mutating func createdAt(before time: Int64) -> JSON {
        let created = Timestamp(microseconds: time - Int64.random(in: 0...120 * Self.minute, using: &random))
        return .string(random.chance(80) ? String(created.description.dropLast()) : created.description)
    }

    private mutating func status(at time: Int64, _ lasting: [String: JSON]) -> JSON {
        var data: [String: JSON] = [:]
        if random.chance(90) { data["status"] = .string(random.pick(Self.statuses)) }
        if random.chance(40) { data["host"] = random.pick(["h1", "h2", "h3", nil]) }
        if random.chance(30) { data["project_id"] = random.pick(["p1", "p2", nil]) }
        if random.chance(30) { data["share_network_id"] = random.pick(["n1", "n2", nil]) }
        if random.chance(60) { data.merge(lasting) { _, new in new } }
        if random.chance(40) {
            data["not_before"] = Self.text(time - Int64.random(in: 0...10 * Self.minute, using: &random))
        }
        return .object(data)
    }

    private mutating func coverage(at time: Int64) -> JSON {
        let state = random.pick(["started", "alive", "alive", "alive", "stopped", "gap"])
        guard state == "gap" else { return ["state": .string(state)] }
        let until = time - Int64.random(in: 0...20 * Self.minute, using: &random)
        let from = until - Int64.random(in: 0...60 * Self.minute, using: &random)
        return ["state": "gap", "from": Self.text(from), "until": Self.text(until)]
    }

    private mutating func call() -> JSON {
        [
            "operation": .string(random.pick(Self.calls)),
            "http_status": .number(random.pick([202, 202, 202, 200, 404, 409, 500])),
        ]
    }
}

extension RandomHistory {
    /// One random log.
    ///
    /// `DOSSIER_PROPERTY_SEED` and `DOSSIER_PROPERTY_ROUNDS` in the environment choose others, and more of them.
    struct Round: CustomTestStringConvertible, CustomStringConvertible {
        let lanes: Int16
        let seed: UInt64
        /// Every other history has several events at a time.
        var times: Times { seed.isMultiple(of: 2) ? .few : .distinct }
        var testDescription: String { description }
        var description: String { "\(lanes) lanes, seed \(seed)" }

        static func numbered(_ law: UInt64, count: Int) -> [Round] {
            let environment = ProcessInfo.processInfo.environment
            let seed = environment["DOSSIER_PROPERTY_SEED"].flatMap { UInt64($0) } ?? 20_240_901
            let rounds = environment["DOSSIER_PROPERTY_ROUNDS"].flatMap { Int($0) } ?? count
            return [1, 4].flatMap { lanes in
                (0..<max(rounds, 1)).map { Round(lanes: lanes, seed: seed &+ law &* 1_000_000 &+ UInt64($0)) }
            }
        }
    }
}

extension SplitMix {
    /// Whether something that happens `percent` times in a hundred happens.
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    /// One of `choices`, which has at least one.
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[Int.random(in: 0..<choices.count, using: &self)]
    }
}
