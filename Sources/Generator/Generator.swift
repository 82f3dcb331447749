import HeapModule
public import Postgres

/// The events of a fleet of share servers that never was, as a gateway and a poller would have recorded them.
///
/// Servers are created, managed, migrated, broken, reset, unmanaged and deleted by operators and by themselves; hosts
/// have bad hours; the poller sees a change no sooner than its next round, is away now and then and says so; some events
/// come late. Without an end, in flat memory, and the same for the same seed and fleet on the same platform.
public struct Generator: Sequence, IteratorProtocol, Sendable {
    /// How large, and how troubled, the fleet is.
    public struct Fleet: Sendable, Hashable {
        /// Servers that are there at a time, about.
        public var servers = 200
        public var hosts = 8
        public var projects = 20
        /// When the first of them is seen.
        public var from = Timestamp("2026-01-01T00:00:00Z")!
        /// From one act on a server to the next, on average.
        public var hoursBetweenActs = 8
        /// Of a thousand events, how many come late: by ten minutes on average, behind others that happened after them.
        public var latePerMille = 10
        /// Of a thousand rounds of the poller, how many begin a time in which nobody polls.
        public var gapsPerMille = 2

        public init() {}
    }

    let fleet: Fleet
    var random: SplitMix
    var servers: [Server] = []
    /// Where servers were that are gone for good.
    var vacant: [Int] = []
    /// Servers that are not absent.
    var present = 0
    /// Servers whose status the poller has not told.
    var untold: Set<Int> = []
    var poller = Poller()
    /// Until when a host breaks what it hosts.
    var badUntil: [Int64]

    private var steps = Heap<Step>()
    private var stepCount = 0
    private var told: [String] = []
    private var late = Heap<Late>()
    /// The simulated present, in microseconds since 1970.
    private(set) var now: Int64

    /// - Parameter seed: Other seeds give other histories.
    public init(seed: UInt64, fleet: Fleet = Fleet()) {
        precondition(
            fleet.servers > 0 && fleet.hosts > 0 && fleet.projects > 0 && fleet.hoursBetweenActs > 0,
            "a fleet has servers, and something happens to them")
        self.fleet = fleet
        random = SplitMix(seed: seed)
        now = fleet.from.microseconds
        badUntil = Array(repeating: .min, count: fleet.hosts)
        beginPolling()
        for _ in 0..<fleet.servers {
            schedule(.birth, in: Int64.random(in: 0..<Span.hour, using: &random))
        }
        schedule(.read, in: readPause)
        schedule(.badHour, in: random.pause(mean: Span.day))
    }

    /// The next event as one line of JSON, without its line feed.
    public mutating func next() -> String? {
        while true {
            if let line = told.popLast() { return line }
            if let first = late.min, let step = steps.min, first.until <= step.at { return late.popMin()?.line }
            take(steps.popMin()!)
        }
    }

    // MARK: Time

    enum What: Sendable {
        case birth
        /// A server comes to a status; passed over where something else has happened to it since.
        case settle(Int, life: Int, Status)
        /// Somebody, or something, acts on a server.
        case act(Int, life: Int)
        case endMigration(source: Int, life: Int, destination: Int)
        case poll
        case read
        case badHour
    }

    private struct Step: Comparable, Sendable {
        let at: Int64
        let order: Int
        let what: What
        static func < (left: Self, right: Self) -> Bool { (left.at, left.order) < (right.at, right.order) }
        static func == (left: Self, right: Self) -> Bool { left.order == right.order }
    }

    private struct Late: Comparable, Sendable {
        let until: Int64
        let line: String
        static func < (left: Self, right: Self) -> Bool { left.until < right.until }
    }

    mutating func schedule(_ what: What, in pause: Int64) {
        stepCount += 1
        steps.insert(Step(at: now + Swift.max(pause, 1), order: stepCount, what: what))
    }

    private mutating func take(_ step: Step) {
        now = step.at
        switch step.what {
        case .birth: beBorn()
        case .settle(let index, let life, let status):
            if servers[index].life == life { settle(index, status) }
        case .act(let index, let life):
            if servers[index].life == life { act(index) }
        case .endMigration(let source, let life, let destination):
            if servers[source].life == life { endMigration(source, destination) }
        case .poll: poll()
        case .read:
            read()
            schedule(.read, in: readPause)
        case .badHour:
            beginBadHour()
            schedule(.badHour, in: random.pause(mean: Span.day))
        }
        // Taken from the end: the first that was told leaves first.
        told.reverse()
    }

    /// Five reads for each time that somebody acts.
    private var readPause: Int64 {
        mutating get { random.pause(mean: betweenActs / Int64(fleet.servers * 5)) }
    }

    var betweenActs: Int64 { Int64(fleet.hoursBetweenActs) * Span.hour }

    /// Hands an event out, at once or late.
    mutating func tell(_ line: String) {
        if Int.random(in: 0..<1000, using: &random) < fleet.latePerMille {
            late.insert(Late(until: now + random.pause(mean: 10 * Span.minute), line: line))
        } else {
            told.append(line)
        }
    }
}

/// Spans of time in microseconds.
enum Span {
    static let second: Int64 = 1_000_000
    static let minute = 60 * second
    static let hour = 60 * minute
    static let day = 24 * hour
}
