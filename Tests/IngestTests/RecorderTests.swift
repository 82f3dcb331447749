import DatabaseTesting
import EmbeddedPostgres
import EventLog
import Foundation
import Logging
import Postgres
import Schema
import ServiceLifecycle
import ShareServers
import Testing

@testable import Ingest

/// Where events go while a PostgreSQL of the test's own comes and goes.
@Suite(.timeLimit(.minutes(20))) struct RecorderTests {
    /// A PostgreSQL with a log, in a folder that holds spools as well.
    private func withCluster(
        _ body: (_ folder: String, _ postgres: inout EmbeddedPostgres) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            var postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
            do {
                try await Migration.migrate(url: postgres.url())
                try await body(folder, &postgres)
            } catch {
                await postgres.stop()
                throw error
            }
            await postgres.stop()
        }
    }

    private func open(_ postgres: EmbeddedPostgres, _ spool: String) async throws -> Recorder {
        try await Recorder.open(url: postgres.url(), spool: spool, logger: SpoolTests.quiet)
    }

    /// One that has its log, once PostgreSQL was quick enough for that.
    private func opened(_ postgres: EmbeddedPostgres, _ spool: String) async throws -> (Recorder, Log) {
        while true {
            let recorder = try await open(postgres, spool)
            if let log = await recorder.log { return (recorder, log) }
            await recorder.close()
        }
    }

    private func waitUntilDirect(_ recorder: Recorder) async throws {
        try await wait(for: "the spool to be drained") { await recorder.status().destination == .log }
    }

    private func rows(_ url: String, _ sql: String) async throws -> [String] {
        let connection = try await Connection.open(url)
        let query = Query<String>(statement: Statement(name: "rows", sql: sql)) { row throws(PostgresError) in
            try row[0]
        }
        let rows = try await connection.run { try $0.fetchAll(query) }
        await connection.close()
        return rows
    }

    private func ids(_ url: String) async throws -> [String] {
        try await rows(url, "SELECT body::json ->> 'id' FROM dossier.entries ORDER BY lane, position")
    }

    @Test("While PostgreSQL is away events are kept in the spool, and are in the log once and in order when it is back")
    func away() async throws {
        try await withCluster { folder, postgres in
            let recorder = try await open(postgres, folder + "/spool")
            let running = Task { try await recorder.run() }
            try await recorder.append(try Lines.events(0..<10))
            #expect(await recorder.status().state.logged == 10)
            await postgres.stop()
            for number in 10..<60 { try await recorder.append(try Lines.events(number..<number + 1)) }
            // Many at once: each is durable when it is told so, whatever the order.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 60..<160 {
                    group.addTask { try await recorder.append(try Lines.events(number..<number + 1)) }
                }
                try await group.waitForAll()
            }
            let away = await recorder.status()
            #expect(away.destination == .spool)
            #expect(away.state.waiting == 150 && away.state.spooled == 150 && away.state.reason != nil)
            #expect(await recorder.metrics().contains("\ndossier_recorder_spool_events 150\n"))

            postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
            try await waitUntilDirect(recorder)
            try await recorder.append(try Lines.events(160..<170))
            let back = await recorder.status().state
            #expect(back.logged == 20 && back.drained == 150 && back.waiting == 0 && back.reason == nil)
            let found = try await ids(postgres.url())
            #expect(found.count == 170 && Set(found).count == 170)
            #expect(found.prefix(60) == (0..<60).map { "e\($0)" }[...])
            #expect(found.suffix(10) == (160..<170).map { "e\($0)" }[...])
            running.cancel()
            try? await running.value
        }
    }

    @Test("What a killed process left in its spool is in the log once, whether some of it had been drained or not")
    func replayed() async throws {
        try await withCluster { folder, postgres in
            let killed = try await open(postgres, folder + "/spool")
            await postgres.stop()
            try await killed.append(try Lines.events(0..<3000))
            let files = FileManager.default
            try files.copyItem(atPath: folder + "/spool", toPath: folder + "/before")
            await killed.close()
            postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
            // Killed before it drained, while it drained, and before it removed what it had drained.
            for (spool, count) in [("before", 1000), ("spool", 2000), ("before", 3000)] {
                let copy = folder + "/" + UUID().uuidString
                try files.copyItem(atPath: folder + "/" + spool, toPath: copy)
                let (recorder, log) = try await opened(postgres, copy)
                #expect(await recorder.status().destination == .spool)
                if count < 3000 {
                    _ = try await log.append(try Lines.events(0..<count))
                } else {
                    let running = Task { try await recorder.run() }
                    try await waitUntilDirect(recorder)
                    #expect(await recorder.status().state.conflicts == 0)
                    running.cancel()
                    try? await running.value
                }
                await recorder.close()
            }
            #expect(try await ids(postgres.url()) == (0..<3000).map { "e\($0)" })
        }
    }

    @Test("A recorder opens while PostgreSQL is away if it has been there once, and says so if it has not")
    func openedAway() async throws {
        try await withCluster { folder, postgres in
            let first = try await open(postgres, folder + "/spool")
            let sealed = first.redaction.seal("secret")
            await first.close()
            await postgres.stop()
            await #expect { try await open(postgres, folder + "/other") } throws: {
                if case .noKey = $0 as? IngestError { true } else { false }
            }
            let recorder = try await open(postgres, folder + "/spool")
            #expect(recorder.redaction.seal("secret") == sealed)
            try await recorder.append(try Lines.events(0..<5))
            let running = Task { try await recorder.run() }
            postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
            try await waitUntilDirect(recorder)
            #expect(try await ids(postgres.url()) == (0..<5).map { "e\($0)" })
            running.cancel()
            try? await running.value
        }
    }

    @Test("A first start waits for a database that takes longer to answer than an append may")
    func openedSlowly() async throws {
        try await withCluster { folder, postgres in
            let url = postgres.url()
            let holder = try await Connection.open(url)
            try await holder.run {
                try $0.execute("BEGIN")
                try $0.execute("LOCK TABLE dossier.log_settings IN ACCESS EXCLUSIVE MODE")
            }
            async let opening = Recorder.open(url: url, spool: folder + "/spool", logger: SpoolTests.quiet)
            try await Task.sleep(for: Recorder.patience + .seconds(2))
            try await holder.run { try $0.execute("COMMIT") }
            await holder.close()
            let recorder = try await opening
            #expect(await recorder.status().destination == .log)
            await recorder.close()
        }
    }

    @Test("Events are not drained into another log than the one they were recorded for")
    func otherLog() async throws {
        try await withCluster { folder, postgres in
            try await open(postgres, folder + "/spool").close()
            await postgres.stop()
            let recorder = try await open(postgres, folder + "/spool")
            try await recorder.append(try Lines.events(0..<5))
            try FileManager.default.moveItem(atPath: folder + "/pg", toPath: folder + "/old")
            postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
            try await Migration.migrate(url: postgres.url())
            await #expect { try await recorder.run() } throws: {
                if case .otherLog = $0 as? IngestError { true } else { false }
            }
            let other = postgres
            await #expect { try await open(other, folder + "/spool") } throws: {
                if case .otherLog = $0 as? IngestError { true } else { false }
            }
            #expect(try await ids(postgres.url()) == [])
        }
    }

    @Test("A PostgreSQL that does not answer holds nobody up for long, and gets everything once")
    func hanging() async throws {
        try await withCluster { folder, postgres in
            let recorder = try await open(postgres, folder + "/spool")
            let running = Task { try await recorder.run() }
            try await recorder.append(try Lines.events(0..<1))
            let writers = try await rows(
                postgres.url(),
                "SELECT pid::text FROM pg_stat_activity WHERE application_name = 'dossier append'")
            let processes = writers.compactMap { Int32($0) }
            try #require(!processes.isEmpty)
            for process in processes { kill(process, SIGSTOP) }
            let start = ContinuousClock.now
            try await recorder.append(try Lines.events(1..<20))
            #expect(ContinuousClock.now - start < Recorder.patience + .seconds(60))
            #expect(await recorder.status().destination == .spool)
            for process in processes { kill(process, SIGCONT) }
            try await waitUntilDirect(recorder)
            #expect(try await ids(postgres.url()) == (0..<20).map { "e\($0)" })
            running.cancel()
            try? await running.value
        }
    }

    @Test("A full spool is refused as such, and keeps nothing of what it refused")
    func full() async throws {
        try await withCluster { folder, postgres in
            let recorder = try await Recorder.open(
                url: postgres.url(), spool: folder + "/spool", limits: .init(bytes: 150_000, reserve: 0),
                logger: SpoolTests.quiet)
            await postgres.stop()
            try await recorder.append(try Lines.events(0..<30, padding: 500))
            #expect(await !recorder.hasRoom())
            await #expect {
                try await recorder.append(try Lines.events(100..<400, padding: 500))
            } throws: {
                if case .full = $0 as? IngestError { true } else { false }
            }
            try await recorder.append(try Lines.events(30..<330, padding: 500), isOwed: true)
            let (state, destination) = await recorder.status()
            #expect(destination == .nowhere && state.refused == 300 && state.waiting == 330)
            postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
            let running = Task { try await recorder.run() }
            try await waitUntilDirect(recorder)
            #expect(try await ids(postgres.url()) == (0..<330).map { "e\($0)" })
            running.cancel()
            try? await running.value
        }
    }

    @Test("Asked to end, it keeps what it has taken and takes nothing more")
    func shutdown() async throws {
        try await withCluster { folder, postgres in
            let recorder = try await open(postgres, folder + "/spool")
            let group = ServiceGroup(services: [recorder], logger: SpoolTests.quiet)
            let running = Task { try await group.run() }
            try await recorder.append(try Lines.events(0..<5))
            await group.triggerGracefulShutdown()
            try await running.value
            await #expect {
                try await recorder.append(try Lines.events(5..<6))
            } throws: {
                if case .closed = $0 as? IngestError { true } else { false }
            }
            #expect(try await ids(postgres.url()) == (0..<5).map { "e\($0)" })
            // The directory is free again.
            try await open(postgres, folder + "/spool").close()
        }
    }
}
