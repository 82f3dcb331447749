import CLibPQ
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Cancels the statement that a connection runs for one user, and never that of the next.
///
/// A cancel that reaches an idle backend is lost, so it is sent again until the user is done; and `disarm` waits for
/// one that is on its way, so that it cannot arrive during the next user's statement.
/// Source: libpq documentation, "Canceling Queries in Progress": `PQcancel` may be called from any thread.
final class Canceller: Sendable {
    private struct State {
        var user: UInt64 = 0
        var isArmed = false
        var wasCancelled = false
    }
    private let state = Mutex(State())
    /// Set once; libpq only reads it in `PQcancel`.
    private nonisolated(unsafe) let handle: OpaquePointer

    init?(_ connection: OpaquePointer) {
        guard let handle = PQgetCancel(connection) else { return nil }
        self.handle = handle
    }

    deinit { PQfreeCancel(handle) }

    /// Begins the time of a user; answers its number, which `cancel` takes.
    func arm() -> UInt64 {
        state.withLock { state in
            state.user += 1
            state.isArmed = true
            state.wasCancelled = false
            return state.user
        }
    }

    /// Ends the time of the user; answers whether it was cancelled. Waits while a cancel is on its way.
    @discardableResult
    func disarm() -> Bool {
        state.withLock { state in
            state.isArmed = false
            return state.wasCancelled
        }
    }

    /// Whether the present user has been cancelled.
    var wasCancelled: Bool { state.withLock { $0.wasCancelled } }

    /// Cancels whatever `user` runs from now on until it is disarmed; returns at once.
    func cancel(_ user: UInt64) {
        // PQcancel opens a connection of its own and blocks: not on a thread of the cooperative pool.
        ConnectionThread.detach { [self] in
            var pause: UInt32 = 1_000
            while cancelOnce(user) {
                usleep(pause)
                pause = min(pause * 2, 500_000)
            }
        }
    }

    private func cancelOnce(_ user: UInt64) -> Bool {
        state.withLock { state in
            guard state.isArmed, state.user == user else { return false }
            state.wasCancelled = true
            // Under the lock, so that `disarm` waits for it.
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) {
                _ = PQcancel(handle, $0.baseAddress, 256)
            }
            return true
        }
    }
}
