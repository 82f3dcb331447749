import DatabaseTesting
import EventLog
import Logging
import Postgres
import ServiceLifecycle
import ShareServers
import Testing

@testable import Projections

/// The runner at work.
///
/// Where something must happen at once, what would bring it about late is an hour away.
@Suite(.database, .timeLimit(.minutes(20))) struct RunnerTests {

    private func patient(_ runner: ProjectionRunner) -> ProjectionRunner {
        var runner = runner
        runner.poll = .seconds(3600)
        runner.pause = .seconds(3600)
        return runner
    }

    private func event(_ number: Int) throws -> Event {
        try Happening.status("status \(number)", number).event(id: "e\(number)")
    }

    @Test(arguments: [Int16(1), 4]) func anAppendWakesTheRunnerAtOnce(lanes: Int16) async throws {
        var log = try await TestLog.open(lanes: lanes)
        let runner = patient(log.runner)
        let running = Task { try await runner.run() }
        for number in 0...12 {
            try await log.append([event(number)])
            try await log.waitUntilLevel(within: .seconds(60))
            // At any point of the runner's wait.
            try await Task.sleep(for: .milliseconds(37 * number % 250))
        }
        #expect(try await log.disagreements() == [])
        running.cancel()
        try await running.value
        await log.log.close()
    }

    @Test func whatComesWithoutANotificationIsFoundByThePoll() async throws {
        var log = try await TestLog.open(lanes: 1)
        let runner = log.runner
        let running = Task { try await runner.run() }
        try await log.append([event(0)])
        try await log.waitUntilLevel()
        try await log.execute(
            """
            INSERT INTO dossier.entries
                SELECT lane, 1, occurred_at, recorded_at, server_id, http_status, type, operation, 'error', request_id,
                    actor_user_id, project_id, host, leaf_hash, body
                FROM dossier.entries;
            UPDATE dossier.log_heads SET size = 2
            """)
        try await log.waitUntilLevel(within: .seconds(600))
        #expect(try await log.tables()[Happening.server]?.visits.map(\.status) == ["status 0", "error"])
        running.cancel()
        try await running.value
        await log.log.close()
    }

    @Test func aRunnerWhoseConnectionIsCutConnectsAgain() async throws {
        var log = try await TestLog.open(lanes: 4)
        let runner = log.runner
        let running = Task { try await runner.run() }
        for number in 0..<3 {
            try await log.append([event(number)])
            try await log.waitUntilLevel()
            try await log.waitForSessions(1, where: "application_name = 'dossier projections'")
            try await log.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'dossier projections'
                """)
        }
        try await log.append([event(3)])
        try await log.waitUntilLevel()
        #expect(try await log.disagreements() == [])
        running.cancel()
        try await running.value
        await log.log.close()
    }

    @Test func aRunnerStartedBeforeThereIsALogBeginsWhenThereIs() async throws {
        let runner = ProjectionRunner(url: DatabaseTrait.url, logger: TestLog.quiet)
        let running = Task { try await runner.run() }
        try await Task.sleep(for: .milliseconds(300))
        var log = try await TestLog.open(lanes: 1)
        try await log.append([event(0)])
        try await log.waitUntilLevel()
        #expect(try await log.disagreements() == [])
        running.cancel()
        try await running.value
        await log.log.close()
    }

    // MARK: - Ending

    private func group(_ runner: ProjectionRunner) -> ServiceGroup {
        ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: runner)], gracefulShutdownSignals: [], logger: TestLog.quiet))
    }

    @Test func aGracefulShutdownEndsTheRunnerAtOnce() async throws {
        var log = try await TestLog.open(lanes: 1)
        let group = group(patient(log.runner))
        let running = Task { try await group.run() }
        try await log.append([event(0)])
        try await log.waitUntilLevel()
        await group.triggerGracefulShutdown()
        try await running.value
        try await log.waitForSessions(0, where: "application_name = 'dossier projections'")
        await log.log.close()
    }

    @Test func aGracefulShutdownEndsARunnerThatCannotConnect() async throws {
        let group = group(patient(ProjectionRunner(url: "host=/nonexistent", logger: TestLog.quiet)))
        let running = Task { try await group.run() }
        // Long enough for the first attempt to have failed.
        try await Task.sleep(for: .milliseconds(500))
        await group.triggerGracefulShutdown()
        try await running.value
    }

    @Test func cancellingEndsTheRunnerAtOnce() async throws {
        var log = try await TestLog.open(lanes: 4)
        let runner = patient(log.runner)
        let running = Task { try await runner.run() }
        try await log.append([event(0)])
        try await log.waitUntilLevel()
        running.cancel()
        try await running.value
        try await log.waitForSessions(0, where: "application_name = 'dossier projections'")
        await log.log.close()
    }

    @Test func cancellingEndsARunnerThatWaitsForAnother() async throws {
        var log = try await TestLog.open(lanes: 1)
        try await log.append([event(0)])
        let runner = log.runner
        try await runner.catchUp()
        let image = try await log.image()
        try await log.append([event(1)])
        let other = try await Connection.open(log.url)
        try await other.run { try $0.execute("BEGIN; SELECT FROM dossier.projections FOR UPDATE") }
        let waiting = Task { try await runner.catchUp() }
        try await log.waitForSessions(1, where: "wait_event_type = 'Lock'")
        waiting.cancel()
        await #expect { try await waiting.value } throws: {
            if case ProjectionError.cancelled = $0 { true } else { false }
        }
        #expect(try await log.image() == image)
        await other.close()
        try await runner.catchUp()
        #expect(try await log.disagreements() == [])
        await log.log.close()
    }

    // MARK: - Errors

    @Test func aDatabaseWithoutALogIsToldFromOneThatIsAway() async throws {
        await #expect {
            try await ProjectionRunner(url: DatabaseTrait.url, logger: TestLog.quiet).catchUp()
        } throws: {
            if case ProjectionError.notCreated = $0 { true } else { false }
        }
        await #expect {
            try await ProjectionRunner(url: "host=/nonexistent", logger: TestLog.quiet).catchUp()
        } throws: {
            if case ProjectionError.unavailable = $0 { true } else { false }
        }
    }
}
