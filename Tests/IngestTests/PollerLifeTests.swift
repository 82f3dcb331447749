import DatabaseTesting
import EventLog
import Foundation
import Postgres
import ServiceLifecycle
import ShareServers
import Testing

@testable import Ingest

/// How a poller begins, ends, begins again, and stands by.
@Suite(.log, .timeLimit(.minutes(20))) struct PollerLifeTests {
    @Test(
        "A round in which nothing changed appends nothing but signs of life, with 20,000 servers, after a restart too")
    func calm() async throws {
        try await Cloud.with { cloud in
            let count = 20_000
            await cloud.set(
                servers: (1...count).map { number in
                    ["id": .string(Recorded.id(number)), "status": "active", "host": "lab@alpha", "task_state": nil]
                })
            let pace = Pace(
                interval: .milliseconds(500), longest: .seconds(1), heartbeat: .milliseconds(1), shows: 4)
            var before = 0
            try await PollerInTest.run(cloud, pace: pace, patience: .seconds(60)) { test in
                try await test.rounds(3)
                let told = try await Told.all()
                #expect(told.count { $0.status != nil } >= count)
            }
            before = try await Told.all().withoutCoverage.count
            let still = Pace(interval: .milliseconds(500), longest: .seconds(1), heartbeat: .milliseconds(1), shows: 1)
            try await PollerInTest.run(cloud, pace: still, patience: .seconds(60)) { test in
                await cloud.set(.status(500), for: "/v2/share-servers/")
                try await test.rounds(3)
            }
            let told = try await Told.all()
            #expect(told.withoutCoverage.count == before)
            #expect(told.coverage.count > 4)
        }
    }

    @Test("What changed while it was ended is told when it is back, as after the moment at which it last saw")
    func restart() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(3))
            try await PollerInTest.run(cloud) { test in try await test.rounds(8) }
            try await catchUp()
            let before = try await Told.all()
            await cloud.set("error", of: Recorded.id(1))
            await cloud.remove(Recorded.id(2))
            try await PollerInTest.run(cloud) { test in try await test.rounds(3) }
            let fresh = Array(try await Told.all().dropFirst(before.count))
            let stopped = try #require(before.last { $0.coverage == "stopped" })
            #expect(before.last?.coverage == "stopped")
            #expect(fresh.statuses(of: 1) == ["error"])
            #expect(fresh.statuses(of: 2) == ["absent"])
            #expect(fresh.statuses(of: 3) == [])
            for told in fresh where told.status != nil { #expect(told.notBefore == stopped.time) }
            // It had said goodbye: no gap to be found, but for those of a machine that is too busy.
            #expect(!fresh.contains { $0.coverage == "gap" && $0.data["reason"] == "it had ended without a word" })
            #expect(fresh.filter { $0.type == EventType.backendDetails }.isEmpty)
        }
    }

    @Test("The gap of a poller that was killed is told when it is back, from its last sign of life on")
    func killed() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(1))
            try await PollerInTest.run(cloud, killed: true) { test in try await test.rounds(8) }
            let last = try #require(try await Told.all().last { $0.coverage != nil })
            // A machine that is too busy makes it a gap, which is a sign of life as well.
            #expect(["alive", "gap"].contains(last.coverage))
            try await Task.sleep(for: .milliseconds(150))
            try await PollerInTest.run(cloud) { test in try await test.rounds(2) }
            let told = try await Told.all()
            let gap = try #require(
                told.first { $0.coverage == "gap" && $0.data["reason"] == "it had ended without a word" })
            #expect(gap.data["from"]?.string == last.time.description)
            let started = try #require(told.last { $0.coverage == "started" })
            #expect(gap.data["until"]?.string == started.time.description)
            #expect(told.statuses(of: 1) == ["active", "active"])
        }
    }

    @Test("Of two pollers of one source one watches and the other stands by, and takes over where it ends")
    func two() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(2))
            try await PollerInTest.run(cloud) { first in
                try await first.rounds(2)
                try await PollerInTest.run(cloud) { second in
                    try await first.rounds(5)
                    #expect(second.poller.tally.counts.rounds == 0)
                    #expect(!second.poller.tally.counts.isWatching)
                }
                let told = try await Told.all()
                #expect(told.coverage.count { $0 == "started" } == 1)
            }
            let standby = try await PollerInTest.make(cloud)
            try await PollerInTest.run(cloud) { first in
                try await first.rounds(2)
                let work = Task { try await standby.poller.run() }
                try await first.rounds(5)
                #expect(standby.poller.tally.counts.rounds == 0)
                // The first loses PostgreSQL, as in a restart of it.
                try await disconnect("dossier source", atLeast: 1)
                try await standby.until("rounds") { $0.rounds + first.poller.tally.counts.rounds >= 12 }
                await cloud.set("error", of: Recorded.id(1))
                try await wait(for: "the error") { try await Told.all().statuses(of: 1).last == "error" }
                // Whoever would tell it again has the time to.
                try await Task.sleep(for: .milliseconds(400))
                work.cancel()
                _ = try? await work.value
            }
            await standby.log.close()
            // However many there were: a change is told once.
            #expect(try await Told.all().statuses(of: 1) == ["active", "active", "error"])
        }
    }

    /// Ends the sessions of a name, as an administrator does.
    private func disconnect(_ name: String, atLeast left: Int) async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let query = Query<Bool>(
            statement: Statement(
                name: "terminate",
                sql: """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE application_name = '\(name)' AND datname = current_database()
                    """)
        ) { row throws(PostgresError) in try row[0] }
        let ended = try await connection.run { try $0.fetchAll(query) }
        #expect(ended.count >= left)
        await connection.close()
    }

    @Test("While the log is away nothing is told, and afterwards all of it is")
    func logAway() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(2))
            try await PollerInTest.run(cloud) { test in
                try await test.rounds(4)
                await cloud.set("error", of: Recorded.id(2))
                try await disconnect("dossier source", atLeast: 1)
                try await Task.sleep(for: .milliseconds(100))
                try await disconnect("dossier source", atLeast: 0)
                await cloud.set("deleting", of: Recorded.id(1))
                try await test.rounds(5)
            }
            let told = try await Told.all()
            #expect(told.statuses(of: 1) == ["active", "active", "deleting"])
            #expect(told.statuses(of: 2) == ["active", "active", "error"])
        }
    }

    @Test("A graceful shutdown ends it with a goodbye at the moment at which it last saw")
    func graceful() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(1))
            let test = try await PollerInTest.make(cloud)
            let group = ServiceGroup(
                configuration: .init(services: [.init(service: test.poller)], logger: Cloud.quiet))
            async let ended: Void = group.run()
            try await test.rounds(3)
            await group.triggerGracefulShutdown()
            try await ended
            await test.log.close()
            let told = try await Told.all()
            #expect(told.last?.coverage == "stopped")
            #expect(told.last.map { $0.time <= .now } == true)
        }
    }
}
