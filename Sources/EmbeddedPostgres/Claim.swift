import Foundation
import Synchronization

/// The right to run a server in a folder, held until it is released or the process ends, however it ends.
final class Claim: Sendable {
    private let file: Mutex<Int32>

    /// Nil where somebody else holds it.
    init?(_ place: Place) async {
        let opened = open(place.directory + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { return nil }
        file = Mutex(opened)
        // A program that is about to be started holds a copy for a moment.
        for _ in 0..<500 {
            if flock(opened, LOCK_EX | LOCK_NB) == 0 { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return nil
    }

    func release() {
        file.withLock { file in
            if file >= 0 { close(file) }
            file = -1
        }
    }

    deinit { release() }
}
