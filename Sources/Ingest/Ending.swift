import Synchronization

/// What is still to be done for a request once its answer has gone out, or could not: done in any case, each step once.
final class Ending: Sendable {
    typealias Step = @Sendable () async -> Void
    private let steps = Mutex<[Step]>([])

    /// Adds a step; those that were added later are done first.
    func add(_ step: @escaping Step) { steps.withLock { $0.append(step) } }

    func run() async {
        while let step = steps.withLock({ $0.popLast() }) { await step() }
    }
}
