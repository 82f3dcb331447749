import Synchronization

/// A value that is awaited by some and set once by another.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case waiting([CheckedContinuation<Result<Value, LogError>, Never>])
        case settled(Result<Value, LogError>)
    }
    private let state = Mutex(State.waiting([]))

    /// Settles it; only the first time counts.
    func settle(_ result: Result<Value, LogError>) {
        let waiting = state.withLock { state -> [CheckedContinuation<Result<Value, LogError>, Never>] in
            guard case .waiting(let waiting) = state else { return [] }
            state = .settled(result)
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: result) }
    }

    /// What it was settled with. Cancelling the waiting task does not end the wait: whoever owes the value settles it.
    var value: Value {
        get async throws(LogError) {
            let result = await withCheckedContinuation { continuation in
                let settled = state.withLock { state -> Result<Value, LogError>? in
                    switch state {
                    case .settled(let result): return result
                    case .waiting(let waiting):
                        state = .waiting(waiting + [continuation])
                        return nil
                    }
                }
                if let settled { continuation.resume(returning: settled) }
            }
            return try result.get()
        }
    }
}
