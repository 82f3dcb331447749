import Synchronization

/// What a gateway counts.
final class Tally: Sendable {
    struct Counts: Sendable {
        /// Requests of any kind.
        var requests = 0
        /// Calls to share servers that were recorded, by what they ask for.
        var reads = 0
        var changes = 0
        /// Calls to share servers that were not passed on, because they could not have been recorded.
        var refused = 0
        /// Calls to share servers that were not passed on, because too many were under way.
        var busy = 0
        /// Calls to share servers that are under way, until their answers have gone out.
        var underWay = 0
        /// Reading calls that passed unrecorded, and changing ones whose outcome could not be recorded.
        var unrecorded = 0
        /// Calls that were passed on, or may have been, and never answered.
        var unanswered = 0
        /// Reading calls that were answered and are about to be recorded.
        var pendingReads = 0
        /// Requests sent to Manila once more.
        var retries = 0
        /// Intents of former processes that nobody knows the outcome of.
        var unknownOutcomes = 0
    }
    private let counts = Mutex(Counts())

    /// As of now.
    var current: Counts { counts.withLock { $0 } }

    func count(_ member: any WritableKeyPath<Counts, Int> & Sendable, by step: Int = 1) {
        counts.withLock { $0[keyPath: member] += step }
    }

    /// Counts a call as under way, or, where so many are, as refused.
    func begin(atMost limit: Int) -> Bool {
        counts.withLock { counts in
            guard counts.underWay < limit else {
                counts.busy += 1
                return false
            }
            counts.underWay += 1
            return true
        }
    }

    /// In the text format of Prometheus.
    var metrics: String {
        let counts = current
        var exposition = Exposition()
        func add(_ name: String, _ kind: Exposition.Kind, _ help: String, _ samples: [Exposition.Sample]) {
            exposition.add("dossier_gateway_\(name)", kind, help, samples)
        }
        add("requests_total", .counter, "Requests of any kind.", [.init(counts.requests)])
        add(
            "calls_total", .counter, "Calls to share servers that were recorded.",
            [.init(counts.reads, [("kind", "read")]), .init(counts.changes, [("kind", "change")])])
        add(
            "refused_total", .counter, "Calls not passed on: no room to record them, or too many under way.",
            [.init(counts.refused, [("reason", "full")]), .init(counts.busy, [("reason", "busy")])])
        add("calls_under_way", .gauge, "Calls to share servers under way.", [.init(counts.underWay)])
        add("unrecorded_total", .counter, "Calls that passed and could not be recorded.", [.init(counts.unrecorded)])
        add("unanswered_total", .counter, "Calls that Manila did not answer.", [.init(counts.unanswered)])
        add("pending_reads", .gauge, "Reads answered and about to be recorded.", [.init(counts.pendingReads)])
        add("retries_total", .counter, "Requests sent to Manila once more.", [.init(counts.retries)])
        add(
            "unknown_outcomes_total", .counter, "Calls of former processes whose outcome nobody knows.",
            [.init(counts.unknownOutcomes)])
        return exposition.text
    }
}
