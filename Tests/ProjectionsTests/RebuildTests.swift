import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Synchronization
import Testing

@testable import Projections

/// Rebuilding, and what is seen of it.
///
/// A rebuild of tables that are right changes nothing, so these tests first spoil them: what is spoilt is old.
@Suite(.database) struct RebuildTests {
    private static let spoilt: [String: JSON] = ["host": "spoilt"]

    /// Lanes come one after another: the first two are done by then.
    private static let failsInTheThirdLane =
        "SELECT 1 / (3 - count(*)) FROM dossier.projections WHERE projection = 'servers/rebuild'"

    /// A log of random events that has been applied and then spoilt.
    private func spoiltLog(lanes: Int16) async throws -> TestLog {
        var events = RandomEvents(seed: 20_260_902)
        var log = try await TestLog.open(lanes: lanes)
        try await log.append(events.log(servers: 30, length: 10, times: .few(5)))
        try await log.runner.catchUp()
        try await log.execute(#"UPDATE dossier.servers SET attributes = '{"host": "spoilt"}'"#)
        return log
    }

    private func isSpoilt(_ log: TestLog) async throws -> Bool {
        let tables = try await log.tables()
        return !tables.isEmpty && tables.values.allSatisfy { $0.server.attributes == Self.spoilt }
    }

    @Test(arguments: [Int16(1), 4]) func aRebuildMendsTheTablesAndTellsItsProgress(lanes: Int16) async throws {
        let log = try await spoiltLog(lanes: lanes)
        let told = Mutex<[(done: Int64, of: Int64)]>([])
        let applied = try await Projection.servers.rebuild(url: log.url) { done, of in
            told.withLock { $0.append((done, of)) }
        }
        #expect(try await log.disagreements() == [])
        let progress = told.withLock { $0 }
        let all = Int64(log.told.count)
        #expect(applied == all)
        #expect(progress.last?.done == all)
        #expect(progress.allSatisfy { $0.of == all })
        #expect(zip(progress, progress.dropFirst()).allSatisfy { $0.done <= $1.done })
        await log.log.close()
    }

    @Test func anEmptyLogIsRebuiltToEmptyTables() async throws {
        let log = try await TestLog.open(lanes: 4)
        #expect(try await Projection.servers.rebuild(url: log.url) == 0)
        #expect(try await log.tables().isEmpty)
        await log.log.close()
    }

    @Test(arguments: [Int16(1), 4]) func aChangedProjectionIsRebuiltWhenARunnerStarts(lanes: Int16) async throws {
        let log = try await spoiltLog(lanes: lanes)
        try await log.runner.catchUp()
        #expect(try await isSpoilt(log), "the same version is not rebuilt")
        let changed = Projection.servers.with(version: Projection.servers.version + 1)
        let runner = ProjectionRunner(url: log.url, projections: [changed], logger: TestLog.quiet)
        let running = Task { try await runner.run() }
        try await wait(for: "the rebuild of every lane", within: .seconds(600)) {
            try await log.disagreements() == []
        }
        running.cancel()
        try await running.value
        let version = #""version": \#(changed.version)"#
        #expect(try await log.image().filter { $0.contains(version) }.count == Int(lanes))
        await log.log.close()
    }

    @Test func aRebuildThatFailsLeavesTheOldTables() async throws {
        let log = try await spoiltLog(lanes: 1)
        let image = try await log.image(places: true)
        let failing = Projection.servers.with { connection throws(PostgresError) in
            try connection.execute("SELECT 1 / 0")
        }
        await #expect { try await failing.rebuild(url: log.url) } throws: {
            if case ProjectionError.refused(.refused("22012", _, _)) = $0 { true } else { false }
        }
        #expect(try await log.image(places: true) == image)
        await log.log.close()
    }

    // MARK: - While it runs

    /// The projection, but that each batch waits for an advisory lock before it is done.
    private static let held = Projection.servers.with { connection throws(PostgresError) in
        try connection.execute("SELECT pg_advisory_xact_lock(1)")
    }

    /// Runs `body` while a rebuild has done its work and not committed.
    private func whileRebuilding(
        _ log: TestLog, _ body: (_ rebuild: Task<Int64, any Error>, _ holder: Connection) async throws -> Void
    ) async throws {
        let holder = try await Connection.open(log.url)
        try await holder.run { try $0.execute("SELECT pg_advisory_lock(1)") }
        let rebuild = Task { try await Self.held.rebuild(url: log.url) }
        try await log.waitForSessions(1, where: "wait_event = 'advisory'")
        try await body(rebuild, holder)
        await holder.close()
    }

    @Test(arguments: [Int16(1), 4]) func readersSeeTheOldTablesUntilARebuildIsDone(lanes: Int16) async throws {
        var log = try await spoiltLog(lanes: lanes)
        let late = try Happening.status("active", 1).event(id: "late")
        try await whileRebuilding(log) { rebuild, holder in
            #expect(try await isSpoilt(log))
            // Appends go on meanwhile, and so does a live runner, on the old tables.
            try await log.append([late])
            try await log.runner.catchUp()
            #expect(try await log.tables()[Happening.server]?.server.open?.status == "active")
            #expect(try await log.tables().values.contains { $0.server.attributes == Self.spoilt })
            try await holder.run { try $0.execute("SELECT pg_advisory_unlock(1)") }
            _ = try await rebuild.value
        }
        #expect(try await log.disagreements() == [])
        await log.log.close()
    }

    @Test func aSecondRebuildIsRefusedWhileOneRuns() async throws {
        let log = try await spoiltLog(lanes: 1)
        try await whileRebuilding(log) { rebuild, holder in
            await #expect { try await Projection.servers.rebuild(url: log.url) } throws: {
                if case ProjectionError.rebuilding("servers") = $0 { true } else { false }
            }
            // Another projection's is none of its business.
            try await Projection.coverage.rebuild(url: log.url)
            try await holder.run { try $0.execute("SELECT pg_advisory_unlock(1)") }
            _ = try await rebuild.value
        }
        #expect(try await log.disagreements() == [])
        await log.log.close()
    }

    @Test func aRebuildThatWasInterruptedGoesOnWhereItStopped() async throws {
        let log = try await spoiltLog(lanes: 4)
        let failing = Projection.servers.with { connection throws(PostgresError) in
            try connection.execute(Self.failsInTheThirdLane)
        }
        await #expect(throws: ProjectionError.self) { try await failing.rebuild(url: log.url) }
        let applied = Mutex<[Int16]>([])
        let counting = Projection.servers.with(onRange: { lane in applied.withLock { $0.append(lane.number) } })
        #expect(try await counting.rebuild(url: log.url) == Int64(log.told.count))
        #expect(applied.withLock { Set($0) } == [2, 3], "lanes 0 and 1 were done")
        #expect(try await log.disagreements() == [])
        await log.log.close()
    }

    @Test func whatWasBegunInAnotherVersionIsBegunAgain() async throws {
        let log = try await spoiltLog(lanes: 4)
        let failing = Projection.servers.with(version: 77) { connection throws(PostgresError) in
            try connection.execute(
                "UPDATE servers SET attributes = '{\"host\": \"spoilt\"}'; \(Self.failsInTheThirdLane)")
        }
        await #expect(throws: ProjectionError.self) { try await failing.rebuild(url: log.url) }
        try await Projection.servers.rebuild(url: log.url)
        #expect(try await log.disagreements() == [])
        await log.log.close()
    }

    @Test func tablesOfANewerVersionAreLeftAlone() async throws {
        var log = try await spoiltLog(lanes: 1)
        try await log.execute("UPDATE dossier.projections SET version = 1000 WHERE projection = 'servers'")
        try await log.append([try Happening.status("active", 1).event(id: "late")])
        try await log.runner.catchUp()
        #expect(try await isSpoilt(log))
        #expect(try await log.tables()[Happening.server] == nil)
        await log.log.close()
    }

    @Test func rebuiltTablesHaveTheIndexesRightsAndSettingsOfTheOldOnes() async throws {
        let log = try await spoiltLog(lanes: 1)
        let before = try await log.shape()
        for projection in Projection.all {
            try await projection.rebuild(url: log.url)
            try await projection.rebuild(url: log.url)
        }
        #expect(try await log.shape() == before)
        #expect(before.count > 20)
        await log.log.close()
    }

    @Test func aProjectionsTablesAreThoseThatTheDatabaseKnowsItBy() async throws {
        let log = try await TestLog.open(lanes: 1)
        let known = try await log.texts(
            "SELECT projection || ' ' || name FROM dossier.projection_tables ORDER BY 1")
        #expect(known == Projection.all.flatMap { one in one.tables.map { "\(one.name) \($0)" } }.sorted())
        await log.log.close()
    }

    @Test func aCancelledRebuildLeavesTheOldTables() async throws {
        let log = try await spoiltLog(lanes: 1)
        let image = try await log.image(places: true)
        try await whileRebuilding(log) { rebuild, _ in
            rebuild.cancel()
            await #expect { try await rebuild.value } throws: {
                if case ProjectionError.cancelled = $0 { true } else { false }
            }
        }
        #expect(try await log.image(places: true) == image)
        try await Projection.servers.rebuild(url: log.url)
        #expect(try await log.disagreements() == [])
        await log.log.close()
    }

    @Test func aRebuildWhoseConnectionIsCutLeavesTheOldTables() async throws {
        let log = try await spoiltLog(lanes: 1)
        let image = try await log.image(places: true)
        try await whileRebuilding(log) { rebuild, holder in
            try await holder.run {
                try $0.execute(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event = 'advisory'
                    """)
            }
            await #expect { try await rebuild.value } throws: {
                if case ProjectionError.unavailable = $0 { true } else { false }
            }
        }
        #expect(try await log.image(places: true) == image)
        await log.log.close()
    }
}

extension Projection {
    /// The same, of another version, or doing more after each batch.
    fileprivate func with(
        version: Int32? = nil,
        afterEach: @escaping @Sendable (isolated Connection) throws(PostgresError) -> Void = { _ in },
        onRange: @escaping @Sendable (Lane) -> Void = { _ in }
    ) -> Projection {
        let apply = apply
        return Projection(
            name: name, version: version ?? self.version, tables: tables,
            apply: { lane, range, connection throws(PostgresError) in
                onRange(lane)
                try apply(lane, range, connection)
                try afterEach(connection)
            })
    }
}
