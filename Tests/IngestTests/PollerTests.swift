import DatabaseTesting
import EventLog
import Foundation
import Postgres
import ShareServers
import Synchronization
import Testing

@testable import Ingest

/// What a poller sees of Manila, and what it tells of it.
@Suite(.log, .timeLimit(.minutes(20))) struct PollerTests {
    @Test("A server is noted when it is first seen, with its details, and again only when it changes")
    func changes() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: [Recorded.server(1, "creating"), Recorded.server(2)])
            await cloud.set(details: ["vserver": "os_1", "password": "hunter2"], of: Recorded.id(1))
            try await PollerInTest.run(cloud) { test in
                try await test.rounds(5)
                await cloud.set("active", of: Recorded.id(1))
                try await test.rounds(5)
            }
            let told = try await Told.all()
            // With its details come `created_at`, which no list has: that makes the second event.
            #expect(told.statuses(of: 1) == ["creating", "creating", "active"])
            #expect(told.statuses(of: 2) == ["active", "active"])
            let changed = try #require(told.last { $0.status == "active" && $0.subject == Recorded.id(1) })
            let notBefore = try #require(changed.notBefore)
            // No longer ago than some intervals, and not the future.
            #expect(notBefore < changed.time)
            #expect(changed.time.microseconds - notBefore.microseconds < 2_000_000)
            // What differs is told with all the rest that the list has.
            #expect(changed.data["host"] == "lab@alpha")
            #expect(changed.data["share_network_subnet_ids"] == ["79cb0a80-4a05-4a4c-aba7-a5ffb6497887"])
            let details = told.filter { $0.type == EventType.backendDetails }
            #expect(Set(details.map(\.subject)) == [Recorded.id(1), Recorded.id(2)])
            #expect(details.count == 2)
            let whole = try #require(details.first { $0.subject == Recorded.id(1) })
            #expect(whole.data["details"]?["vserver"] == "os_1")
            #expect(try await !TestLog.open().entries().contains { $0.body.contains("hunter2") })
            // Its own questions are no calls.
            #expect(!told.contains { $0.type == EventType.call })
        }
    }

    @Test("What another source told meanwhile is put right with the next list, though that is as it was")
    func disputes() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(2))
            let toldAt = Mutex(Timestamp.now)
            try await PollerInTest.run(cloud) { test in
                try await test.rounds(5)
                // As a gateway would that saw it between two lists.
                let passing = try Event(
                    id: "status/1", source: "/gateway/one", type: EventType.status, time: .now,
                    subject: Recorded.id(1), data: ["status": "error"])
                _ = try await test.log.append([passing])
                toldAt.withLock { $0 = .now }
                try await test.rounds(5)
            }
            let told = try await Told.all()
            #expect(told.statuses(of: 1) == ["active", "active", "error", "active"])
            #expect(told.statuses(of: 2) == ["active", "active"])
            let disputed = try #require(told.first { $0.status == "error" })
            // Since it was last seen as it is now, which a list may have shown until the log knew better, it had been as
            // the other said.
            let again = try #require(told.last { $0.status != nil })
            let notBefore = try #require(again.notBefore)
            #expect(notBefore <= toldAt.withLock { $0 } && disputed.time < again.time)
        }
    }

    @Test("A server that is in the list no more is gone once Manila says that it does not know it")
    func disappearance() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(3))
            try await PollerInTest.run(cloud) { test in
                try await test.rounds(3)
                await cloud.hide(Recorded.id(2))
                await cloud.remove(Recorded.id(3))
                try await test.rounds(3)
            }
            let told = try await Told.all()
            #expect(told.statuses(of: 1).contains("absent") == false)
            #expect(told.statuses(of: 2).contains("absent") == false)
            #expect(told.statuses(of: 3).count { $0 == "absent" } == 1)
            let gone = try #require(told.first { $0.status == "absent" })
            #expect(try #require(gone.notBefore) < gone.time)
            #expect(await cloud.count("GET", "/v2/share-servers/\(Recorded.id(2))") > 2)
        }
    }

    @Test("While Manila does not say whether a server is gone, the poller does not claim to see")
    func unconfirmed() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(2))
            try await PollerInTest.run(cloud) { test in
                try await test.rounds(4)
                await cloud.set(.status(500), for: "/v2/share-servers/")
                await cloud.remove(Recorded.id(2))
                try await test.rounds(6)
                #expect(try await Told.all().statuses(of: 2).contains("absent") == false)
                await cloud.set(nil, for: "/v2/share-servers/")
                try await test.rounds(3)
            }
            let told = try await Told.all()
            let gap = try #require(told.first { $0.coverage == "gap" })
            let gone = try #require(told.first { $0.status == "absent" })
            #expect(try #require(gone.notBefore) <= #require(Timestamp(gap.data["from"]?.string ?? "")))
            #expect(told.coverage.first == "started")
            #expect(told.coverage.last == "stopped")
        }
    }

    @Test(
        "An answer that cannot be read is counted, makes a gap, and nobody vanishes by it",
        arguments: [
            "", "null", "{}", "[]", #"{"share_servers": {}}"#, #"{"share_servers": "#, "\u{0}\u{1}",
            #"{"share_servers": [], "share_servers": []}"#, #"{"share_servers": [1, null, {"id": "x"}]}"#,
        ])
    func malformed(body: String) async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(2))
            try await PollerInTest.run(cloud) { test in
                try await test.rounds(3)
                await cloud.set(.body(body), for: "/v2/share-servers")
                try await test.until("failures") { $0.failures >= 2 }
                await cloud.set(nil, for: "/v2/share-servers")
                try await test.rounds(2)
                #expect(test.poller.tally.counts.malformed >= 2)
            }
            let told = try await Told.all()
            #expect(!told.contains { $0.status == "absent" })
            #expect(told.coverage.count { $0 == "gap" } == 1)
            #expect(told.statuses(of: 1) == ["active", "active"])
        }
    }

    @Test("One server that cannot be read hides no other, and who is missing is not guessed")
    func partlyMalformed() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(2))
            try await PollerInTest.run(cloud) { test in
                try await test.rounds(3)
                await cloud.set(servers: [Recorded.server(1, "error"), ["id": "no UUID", "status": "active"]])
                try await test.until("failures") { $0.failures >= 2 }
            }
            let told = try await Told.all()
            #expect(told.statuses(of: 1).last == "error")
            #expect(!told.contains { $0.status == "absent" })
        }
    }

    @Test("A Manila or a Keystone that is away or silent makes a gap, and what changed meanwhile is told as between")
    func away() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(1))
            try await PollerInTest.run(cloud, patience: .seconds(2)) { test in
                try await test.rounds(3)
                for fault in [Cloud.Fault.status(503), .silent, .status(502)] {
                    await cloud.set(fault, for: "/v2/share-servers")
                    let failures = test.poller.tally.counts.failures
                    try await test.until("failures") { $0.failures >= failures + 2 }
                    await cloud.set(nil, for: "/v2/share-servers")
                    try await test.rounds(2)
                }
                await cloud.set(.status(500), for: "/v3")
                await cloud.revokeAll()
                let failures = test.poller.tally.counts.failures
                try await test.until("failures") { $0.failures >= failures + 2 }
                await cloud.set("error", of: Recorded.id(1))
                await cloud.set(nil, for: "/v3")
                try await test.rounds(2)
            }
            let told = try await Told.all()
            // Less those of a machine that is too busy.
            let gaps = told.filter { $0.coverage == "gap" && $0.data["reason"]?.string?.hasPrefix("it was") == false }
            #expect(gaps.count == 4)
            // No sign of life within any of them.
            for gap in gaps {
                let from = try #require(Timestamp(gap.data["from"]?.string ?? ""))
                let until = try #require(Timestamp(gap.data["until"]?.string ?? ""))
                #expect(from < until)
                #expect(until == gap.time)
                let signs = told.filter { $0.coverage == "alive" && $0.time > from && $0.time < until }
                #expect(signs.isEmpty)
                #expect(gap.data["reason"]?.string?.isEmpty == false)
            }
            let failed = try #require(told.first { $0.status == "error" })
            let last = try #require(gaps.last)
            // It saw no later than it asked, and tells what the answer said.
            #expect(last.time <= failed.time)
            #expect(failed.notBefore == Timestamp(last.data["from"]?.string ?? ""))
        }
    }

    @Test("A token that Manila takes no more is replaced within the round")
    func reauthentication() async throws {
        try await Cloud.with { cloud in
            await cloud.set(servers: Recorded.servers(1))
            try await PollerInTest.run(cloud) { test in
                try await test.rounds(3)
                await cloud.revokeAll()
                try await test.rounds(3)
                #expect(test.poller.tally.counts.failures == 0)
            }
            #expect(await cloud.count("POST", "/v3/auth/tokens") == 2)
            #expect(try await Told.all().coverage.contains("gap") == false)
            #expect(try await !TestLog.open().entries().contains { $0.body.contains("gAAAAAB") })
        }
    }

    @Test(
        "The newest microversion that both sides know is asked for", arguments: [("2.63", "2.63"), ("2.120", "2.99")])
    func microversion(newest: String, expected: String) async throws {
        try await Cloud.with { cloud in
            await cloud.set(newest: newest)
            try await PollerInTest.run(cloud) { test in try await test.rounds(1) }
            let asked = await cloud.requests.filter { $0.path == "/v2/share-servers" }
            #expect(Set(asked.map(\.microversion)) == [expected])
        }
    }

    @Test("Manila without Keystone is watched at the endpoint that is given")
    func withoutKeystone() async throws {
        try await Cloud.with { cloud in
            await cloud.set(needsToken: false)
            await cloud.set(servers: Recorded.servers(2))
            let manila = Manila(access: .open(endpoint: await cloud.url + "/v2/"), http: cloud.http)
            let list = try await manila.list()
            #expect(list.polled.servers.count == 2)
            #expect(await cloud.requests.last?.token == "admin:admin")
            #expect(await cloud.count("POST", "/v3/auth/tokens") == 0)
        }
    }
}
