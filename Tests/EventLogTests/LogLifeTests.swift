import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Synchronization
import Testing

/// Opening, waiting, cancelling, closing.
@Suite(.database, .timeLimit(.minutes(20))) struct LogLifeTests {
    @Test func aDatabaseWithoutALogIsToldFromOneThatIsAway() async throws {
        await #expect(throws: LogError.notCreated) { try await Log.open(url: DatabaseTrait.url) }
        await #expect {
            try await Log.open(url: "host=/nonexistent")
        } throws: {
            if case LogError.unavailable = $0 { true } else { false }
        }
    }

    @Test func aClosedLogHasWhatItTookAndTakesNoMore() async throws {
        let log = try await LogInTest.open(lanes: 4)
        let submissions = try await [log.log.submit(Event.calls(0..<700)), log.log.submit(Event.calls(700..<900))]
        await log.log.close()
        #expect(try await log.places().count == 900)
        for submission in submissions {
            #expect(try await submission.receipts().allSatisfy { $0.outcome == .appended })
        }
        await #expect(throws: LogError.closed) { try await log.log.append(Event.calls(900..<901)) }
        #expect(try await log.places().count == 900)
    }

    /// Another process holds the head of the lane: the queue fills, and whoever comes then waits.
    @Test func theQueueIsBoundedAndWhoeverWaitsForRoomCanBeCancelled() async throws {
        let log = try await LogInTest.open()
        // 6 MB a piece; the queue takes 64 MiB, and a batch of at most 16 MiB is in flight.
        let padding = String(repeating: "x", count: 60_000)
        let pieces = try (0..<20).map { piece in try (0..<100).map { try Event.call(piece * 100 + $0, path: padding) } }
        let other = try await Connection.open(log.url)
        try await other.run { try $0.execute("BEGIN; SELECT FROM dossier.log_heads FOR UPDATE") }
        let submissions = Mutex<[Submission]>([])
        let waiting = Task {
            for piece in pieces {
                let submission = try await log.log.submit(piece)
                submissions.withLock { $0.append(submission) }
            }
        }
        var taken = -1
        while case let now = submissions.withLock({ $0.count }), now != taken {
            taken = now
            try await Task.sleep(for: .seconds(1))
        }
        #expect((3...14).contains(taken))
        waiting.cancel()
        await #expect(throws: LogError.cancelled) { try await waiting.value }
        try await other.run { try $0.execute("COMMIT") }
        await other.close()
        for submission in submissions.withLock({ $0 }) { _ = try await submission.receipts() }
        #expect(try await log.texts("SELECT count(*)::text FROM dossier.entries") == ["\(taken * 100)"])
        await log.log.close()
    }

    @Test func aConnectionThatWasCutIsMadeAnewAndNothingIsAppendedTwice() async throws {
        let log = try await LogInTest.open(lanes: 4)
        let cutting = Task {
            // Less and less often, so that a busy machine comes to append something in between.
            var pause = 40
            while !Task.isCancelled {
                try await log.asSuperuser(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dossier append' "
                        + "AND datname = current_database()")
                try await Task.sleep(for: .milliseconds(pause))
                pause += pause / 10
            }
        }
        var appended = 0
        for start in stride(from: 0, to: 6000, by: 200) {
            // Whether an attempt whose connection was cut had been committed is found by the keys: appended or known.
            let receipts = try await log.log.append(Event.calls(start..<start + 200))
            #expect(receipts.allSatisfy { $0.outcome != .conflict })
            appended += receipts.count
        }
        cutting.cancel()
        _ = try? await cutting.value
        #expect(try await log.places().count == appended)
        for verification in try await log.verify() { #expect(verification.fault == nil) }
        await log.log.close()
    }
}
