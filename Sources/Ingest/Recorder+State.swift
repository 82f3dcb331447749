extension Recorder {
    /// What became of all that was handed to a recorder since it was opened.
    public struct State: Sendable, Hashable {
        /// Events that went to the log at once.
        public var logged = 0
        /// Events that went to the spool.
        public var spooled = 0
        /// Events of the spool that the log has now; those of a former process too.
        public var drained = 0
        /// Events that were not kept, because there was no room.
        public var refused = 0
        /// Events whose identity was used before with other content; not kept.
        public var conflicts = 0
        /// Events and bytes in the spool now.
        public var waiting = 0
        public var waitingBytes = 0
        /// Bytes cut off the ends of files that a former process left, which were never acknowledged.
        public var tornBytes = 0
        /// Bytes within files that could not be read any more.
        public var damagedBytes = 0
        /// Why events go to the spool; nil where they do not.
        public var reason: String?
    }

    /// Where events go now.
    public enum Destination: String, Sendable, Hashable {
        case log
        case spool
        /// Nowhere: the log is away and the spool takes no more.
        case nowhere
    }

    /// What became of all that was handed over, and where events go now.
    public func status() async -> (state: State, destination: Destination) {
        guard isSpooling else { return (state, .log) }
        return (state, await hasRoom() ? .spool : .nowhere)
    }

    /// The same in the text format of Prometheus.
    public func metrics() async -> String {
        let (state, destination) = await status()
        var exposition = Exposition()
        func add(_ name: String, _ kind: Exposition.Kind, _ help: String, _ samples: [Exposition.Sample]) {
            exposition.add("dossier_recorder_\(name)", kind, help, samples)
        }
        add(
            "events_total", .counter, "Events made durable, by where they went.",
            [.init(state.logged, [("to", "log")]), .init(state.spooled, [("to", "spool")])])
        add("drained_total", .counter, "Events of the spool that the log has now.", [.init(state.drained)])
        add("refused_total", .counter, "Events refused for want of room.", [.init(state.refused)])
        add("conflicts_total", .counter, "Events whose id was used before, not kept.", [.init(state.conflicts)])
        add("spool_events", .gauge, "Events that wait in the spool.", [.init(state.waiting)])
        add("spool_bytes", .gauge, "Bytes that the spool takes.", [.init(state.waitingBytes)])
        add("spool_limit_bytes", .gauge, "Bytes that the spool may take.", [.init(spool.limits.bytes)])
        add("spool_torn_bytes_total", .counter, "Bytes cut off the ends of files.", [.init(state.tornBytes)])
        add("spool_damaged_bytes_total", .counter, "Bytes of files that cannot be read.", [.init(state.damagedBytes)])
        add(
            "destination", .gauge, "1 for where events go now.",
            [Destination.log, .spool, .nowhere].map { .init($0 == destination ? 1 : 0, [("to", $0.rawValue)]) })
        return exposition.text
    }
}
