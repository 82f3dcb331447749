public import Postgres
import Synchronization

extension Poller {
    /// What a poller has done since it began; for those who watch the watcher.
    public final class Tally: Sendable {
        /// What it does now.
        public enum State: String, Sendable, CaseIterable {
            /// It has not found out yet whether it is to watch.
            case starting
            /// It asks Manila, and appends what it sees.
            case watching
            /// Another process watches for the same source.
            case standby
            /// PostgreSQL does not take what is seen, so that nothing is asked.
            case logAway = "log_away"
        }

        /// Why a list could not be had or not be read.
        public enum Failure: String, Sendable, CaseIterable {
            case away
            case denied
            case unintelligible
            case misconfigured
        }

        public struct Counts: Sendable, Hashable {
            /// Lists that were read.
            public var rounds = 0
            /// Lists that could not be had or not be read, by why.
            public var failed: [Failure: Int] = [:]
            public var failures: Int { failed.values.reduce(0, +) }
            /// Those since the last list that was read.
            public var failuresInARow = 0
            /// Answers that were not of the form that Manila gives them, servers of a list included.
            public var malformed = 0
            /// Servers of the last list; nil before the first.
            public var listed: Int?
            /// Servers asked for one by one.
            public var shows = 0
            /// Events that were appended.
            public var events = 0
            /// Time that rounds took which saw all, together, and the last of them.
            public var roundTime = Duration.zero
            public var lastRoundTime: Duration?
            /// When the last of them began, and when the next is to.
            public var lastRoundAt: Timestamp?
            public var nextRoundAt: Timestamp?
            public var state = State.starting

            /// Whether it watches, and does not stand by.
            public var isWatching: Bool { state == .watching }

            /// Whether so many rounds failed one after another that Manila is asked less and less often.
            public var isBreakerOpen: Bool { failuresInARow >= Self.tolerated }

            /// Whether it sees what there is to see, or another process may.
            public var isReady: Bool {
                switch state {
                case .starting, .logAway: false
                case .standby: true
                case .watching: lastRoundAt != nil && !isBreakerOpen
                }
            }

            /// Source: chosen; one answer lost, and its repetition, is no outage.
            private static let tolerated = 3
        }
        private let state = Mutex(Counts())

        public var counts: Counts { state.withLock { $0 } }
        func count(_ body: (inout Counts) -> Void) { state.withLock { body(&$0) } }
    }
}

extension Poller.Tally.Failure {
    /// Nil for what is not Manila's.
    init?(_ error: IngestError) {
        switch error {
        case .away: self = .away
        case .denied: self = .denied
        case .unintelligible: self = .unintelligible
        case .misconfigured: self = .misconfigured
        default: return nil
        }
    }
}

extension Timestamp {
    var seconds: Double { Double(microseconds) / 1e6 }
}
