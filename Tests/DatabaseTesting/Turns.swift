import Foundation

/// Lets so many tests have a database at once as the machine has use for: each has several sessions, and a server takes
/// only so many.
actor Turns {
    static let shared = Turns(limit: 4 * ProcessInfo.processInfo.activeProcessorCount)

    /// Whether the running test has its turn: a suite and a test of it may both ask for a database.
    @TaskLocal static var isHeld = false

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(limit: Int) { free = limit }

    /// Runs `body` once it is its turn.
    func wait(_ body: () async throws -> Void) async throws {
        guard !Self.isHeld else { return try await body() }
        await take()
        let result: Result<Void, any Error>
        do {
            try await Self.$isHeld.withValue(true) { try await body() }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        giveBack()
        try result.get()
    }

    private func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func giveBack() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
