import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Synchronization
import Testing

/// What waits to be appended: how much of it there may be, and what becomes of it.
@Suite(.database) struct QueueTests {
    /// Source: design, "at most 10,000 entries" a batch; the queue holds four.
    private static let batch = 10_000
    private static let queue = 4 * batch

    /// Submits `events` a thousand at a time until that fails.
    private struct Submitter: Sendable {
        let taken = Count()
        let log: Log
        let events: [Event]

        func run() async -> (submissions: [Submission], error: LogError?) {
            var submissions: [Submission] = []
            for start in stride(from: 0, to: events.count, by: 1000) {
                do throws(LogError) {
                    submissions.append(try await log.submit(Array(events[start..<start + 1000])))
                    taken.add(1000)
                } catch {
                    return (submissions, error)
                }
            }
            return (submissions, nil)
        }
    }

    /// A count that several tasks look at.
    private final class Count: Sendable {
        private let state = Mutex(0)
        var value: Int { state.withLock { $0 } }
        func add(_ count: Int) { state.withLock { $0 += count } }
    }

    @Test("The queue is bounded; who waits for room and is cancelled leaves nothing in it", arguments: [Int16(1), 4])
    func boundedQueue(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        // More than a batch on its way and a full queue.
        let events = try (0..<Self.batch + Self.queue + 1000).map { try Made.word("", $0, of: log.server) }
        let submitter = Submitter(log: log.log, events: events)
        let (submissions, error) = try await log.holding(log.lane) {
            let submitting = Task { await submitter.run() }
            try await wait(for: "the queue to fill") { submitter.taken.value >= Self.queue - 1000 }
            submitting.cancel()
            return await submitting.value
        }
        #expect(error == .cancelled)
        let taken = submissions.count * 1000
        #expect((Self.queue...Self.queue + Self.batch).contains(taken))
        var next: Int64 = 0
        for submission in submissions {
            let receipts = try await submission.receipts()
            #expect(receipts.allSatisfy { $0.outcome == .appended })
            #expect(receipts.map(\.position.index) == Array(next..<next + 1000))
            next += 1000
        }
        await log.log.close()
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == Int64(taken))
    }

    @Test("Closing refuses who waits for room, and appends all that was taken", arguments: [Int16(1), 4])
    func closingWhileFull(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try (0..<Self.batch + Self.queue + 1000).map { try Made.word("", $0, of: log.server) }
        let submitter = Submitter(log: log.log, events: events)
        let (submissions, error, closing) = try await log.holding(log.lane) {
            let submitting = Task { await submitter.run() }
            try await wait(for: "the queue to fill") { submitter.taken.value >= Self.queue - 1000 }
            let closing = Task { await log.log.close() }
            let (submissions, error) = await submitting.value
            return (submissions, error, closing)
        }
        await closing.value
        #expect(error == .closed)
        // All is durable when `close` returns, before anybody asks for receipts.
        let count: Int64 = try await log.one("SELECT count(*) FROM dossier.entries")
        #expect(count == Int64(submissions.count * 1000))
        for submission in submissions {
            #expect(try await submission.receipts().allSatisfy { $0.outcome == .appended })
        }
    }

    @Test("Closing waits until what was taken is durable; after it nothing is taken", arguments: [Int16(1), 4])
    func close(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try Made.events(0..<90, inAll: lanes)
        var submissions: [Submission] = []
        for start in stride(from: 0, to: 90, by: 10) {
            submissions.append(try await log.log.submit(Array(events[start..<start + 10])))
        }
        await log.log.close()
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 90)
        for submission in submissions {
            #expect(try await submission.receipts().allSatisfy { $0.outcome == .appended })
        }
        await #expect(throws: LogError.closed) { try await log.log.append(events) }
        try await wait(for: "the sessions of a closed log to end") {
            try await log.one(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'dossier append'
                """, of: Int64.self) == 0
        }
    }

    @Test("An appender that is cancelled after its events were taken harms no other", arguments: [Int16(1), 4])
    func cancelledAppender(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try Made.events(0..<30, of: log.server)
        let (cancelled, other) = try await log.holding(log.lane) {
            let first = try await log.log.submit(Array(events[..<10]))
            let cancelled = Task { try await first.receipts() }
            cancelled.cancel()
            let also = Task { try await log.log.append(Array(events[10..<20])) }
            also.cancel()
            let other = Task { try await log.log.append(Array(events[20...])) }
            return ([cancelled, also], other)
        }
        #expect(try await other.value.allSatisfy { $0.outcome == .appended })
        // They had been taken, so what became of them is told.
        for task in cancelled { #expect(try await task.value.allSatisfy { $0.outcome == .appended }) }
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 30)
        try await log.expectSound()
    }
}
