import DatabaseTesting
import Foundation
import Postgres
import Testing

@Suite(.database) struct CooperativePoolTests {
    @Test("Statements that wait hold up no other task, however many they are", .timeLimit(.minutes(20)))
    func waitingStatements() async throws {
        let count = ProcessInfo.processInfo.activeProcessorCount * 4
        let url = DatabaseTrait.url
        let holder = try await Connection.open(url)
        try await holder.command("SELECT pg_advisory_lock(1)")
        let waiting = (0..<count).map { _ in
            Task {
                let connection = try await Connection.open(url)
                try await connection.command("SELECT pg_advisory_lock_shared(1)")
            }
        }
        let observer = try await Connection.open(url)
        try await waitForSessions(Int64(count), where: "wait_event = 'advisory'", seenBy: observer)
        // All of them are held up now. Others count on, and only then are those let go.
        let counted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<count {
                group.addTask {
                    var counted = 0
                    for _ in 0..<1_000 {
                        await Task.yield()
                        counted += 1
                    }
                    return counted
                }
            }
            return await group.reduce(0, +)
        }
        #expect(counted == count * 1_000)
        #expect(
            try await observer.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                == Int64(count))
        try await holder.command("SELECT pg_advisory_unlock(1)")
        for task in waiting { try await task.value }
    }
}
