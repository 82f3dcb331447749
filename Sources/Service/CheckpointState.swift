import EventLog
import Synchronization

/// Why lanes are not signed for just now, for those who ask the service how it is.
public final class CheckpointState: Sendable {
    private let faults = Mutex<[Lane: String]>([:])
    private let away = Mutex<[String: String]>([:])

    public init() {}

    /// By lane; empty where all is well.
    var refusals: [(lane: Lane, reason: String)] {
        faults.withLock { $0.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    /// Witnesses that did not cosign when they were asked last, and why.
    var absentWitnesses: [String: String] { away.withLock { $0 } }

    /// Returns whether that is news.
    func set(_ reason: String?, of lane: Lane) -> Bool {
        faults.withLock { faults in
            defer { faults[lane] = reason }
            return faults[lane] != reason
        }
    }

    /// Returns whether that is news.
    func set(_ reason: String?, ofWitness name: String) -> Bool {
        away.withLock { away in
            defer { away[name] = reason }
            return away[name] != reason
        }
    }
}
