import Generator
import Postgres
import ShareServers
import Testing

@Suite struct GeneratorTests {
    private func events(_ count: Int, seed: UInt64 = 1, _ fleet: Generator.Fleet = .init()) throws -> [Event] {
        try Generator(seed: seed, fleet: fleet).prefix(count).map { line in
            try Array(line.utf8).withUnsafeBytes { bytes in try Event(decoding: bytes) }
        }
    }

    private func data(_ event: Event) throws -> JSON { try JSON(parsing: event.canonical)["data"] ?? .null }

    @Test("The same seed and fleet give the same events; other seeds and fleets give others")
    func deterministic() {
        let lines = Array(Generator(seed: 7).prefix(3000))
        #expect(Array(Generator(seed: 7).prefix(3000)) == lines)
        #expect(Array(Generator(seed: 8).prefix(3000)) != lines)
        var fleet = Generator.Fleet()
        fleet.hosts = 9
        #expect(Array(Generator(seed: 7, fleet: fleet).prefix(3000)) != lines)
    }

    @Test("Every event is one that the log takes, and different from all others")
    func valid() throws {
        let events = try events(20_000)
        #expect(Set(events.map(\.id)).count == 20_000)
        #expect(Set(events.map(\.key)).count == 20_000)
    }

    /// Source: Manila's statuses and calls, as its API reference has them.
    @Test("Everything that can befall a share server befalls one")
    func complete() throws {
        let events = try events(20_000)
        let statuses: Set = [
            "creating", "active", "error", "deleting", "inactive", "absent", "manage_starting", "manage_error",
            "unmanage_starting", "unmanage_error", "server_migrating", "server_migrating_to", "network_change",
        ]
        #expect(Set(events.compactMap(\.index.status)) == statuses)
        let operations: Set = [
            "list", "show", "delete", "manage", "unmanage", "reset_status", "migration_start", "migration_complete",
            "migration_cancel",
        ]
        #expect(Set(events.compactMap(\.index.operation)) == operations)
        let states = try events.filter { $0.type == EventType.coverage }.map { try data($0)["state"]?.string }
        #expect(Set(states) == ["started", "alive", "stopped", "gap"])
        #expect(events.contains { ($0.index.httpStatus ?? 0) >= 400 })
    }

    @Test("Events come in the order of time, but for those that are to come late")
    func late() throws {
        var fleet = Generator.Fleet()
        fleet.latePerMille = 0
        let ordered = try events(5000, fleet)
        #expect(zip(ordered, ordered.dropFirst()).allSatisfy { $0.time <= $1.time })
        fleet.latePerMille = 50
        let events = try events(20_000, fleet)
        var latest = Timestamp.earliest
        let behind = events.count { event in
            defer { latest = max(latest, event.time) }
            return event.time < latest
        }
        // 1,000 are expected; those that nobody overtook do not show. Five standard deviations are 155.
        #expect((700...1155).contains(behind))
    }

    @Test("A poller that was away says so, and has told nothing of that time")
    func gaps() throws {
        var fleet = Generator.Fleet()
        fleet.latePerMille = 0
        fleet.gapsPerMille = 20
        let polled = try events(20_000, fleet).filter { $0.source.hasSuffix("/poller") }
        var stopped: Timestamp?
        var away: [(from: Timestamp, until: Timestamp)] = []
        for event in polled where event.type == EventType.coverage {
            let data = try data(event)
            switch data["state"]?.string {
            case "stopped": stopped = event.time
            case "started":
                if let from = stopped { away.append((from, event.time)) }
                stopped = nil
            case "gap":
                away.append(
                    (
                        try #require(data["from"]?.string.flatMap { Timestamp($0) }),
                        try #require(data["until"]?.string.flatMap { Timestamp($0) })
                    ))
            default: continue
            }
        }
        #expect(away.count > 10)
        for event in polled where event.type == EventType.status {
            #expect(!away.contains { event.time > $0.from && event.time < $0.until })
        }
    }

    @Test("A status that was polled lies between that round and the one before, and nothing follows a server's end")
    func bounds() throws {
        var fleet = Generator.Fleet()
        fleet.latePerMille = 0
        var ended: Set<String> = []
        for event in try events(20_000, fleet) where event.type == EventType.status {
            let server = try #require(event.subject)
            #expect(!ended.contains(server))
            if event.index.status == "absent" { ended.insert(server) }
            guard event.source.hasSuffix("/poller") else { continue }
            let notBefore = try #require(try data(event)["not_before"]?.string.flatMap { Timestamp($0) })
            #expect(notBefore < event.time)
        }
        #expect(ended.count > 100)
    }

    @Test("A fleet keeps its size", arguments: [1, 10, 300])
    func size(servers: Int) throws {
        var fleet = Generator.Fleet()
        fleet.servers = servers
        var statuses: [String: String] = [:]
        for event in try events(30_000, fleet) where event.type == EventType.status {
            statuses[try #require(event.subject)] = event.index.status
        }
        let present = statuses.values.count { $0 != "absent" }
        // Between two moments of the poller one or the other may be on its way.
        #expect((servers / 2...servers * 2 + 2).contains(present))
    }
}
