import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Testing

/// `GET /v1/metrics/time-in-state` against a count of every second of every server, on histories made up at random.
@Suite(.database) struct TimeInStateLawTests {
    /// What one server was seen in, in order of time; all in whole seconds.
    private struct Life {
        var sightings: [(at: Int, status: String, host: String)] = []
        var created: Int?

        /// Where it was and in what, by the definitions of the design, in the second that begins then.
        func state(_ second: Int, isWatched: Bool) -> (status: String, host: String) {
            guard let last = sightings.last(where: { $0.at <= second }) else {
                let isThere = created.map { $0 <= second } ?? true
                return (isThere ? "unobserved" : "absent", sightings[0].host)
            }
            return (isWatched || last.status == "absent" ? last.status : "unobserved", last.host)
        }
    }

    private static let statuses = ["creating", "active", "active", "error", "manage_error", "deleting", "absent"]

    private func lives(_ random: inout SplitMix) -> [Life] {
        (0..<12).map { _ in
            var life = Life()
            var at = Int.random(in: -200..<300, using: &random)
            if Bool.random(using: &random) { life.created = at - Int.random(in: 0..<150, using: &random) }
            var host = "a"
            for _ in 0..<Int.random(in: 1..<9, using: &random) {
                let status = Self.statuses.randomElement(using: &random) ?? "active"
                // It moves only when its status changes.
                if status != life.sightings.last?.status {
                    host = ["a", "b", "c"].randomElement(using: &random) ?? "a"
                }
                life.sightings.append((at, status, host))
                // Never two at the same moment: which of them counts is told by their order in the log.
                at += Int.random(in: 1..<120, using: &random)
            }
            return life
        }
    }

    /// When the source was watching: runs of it, and a gap in each.
    private func coverage(_ random: inout SplitMix) throws -> (watched: Set<Int>, events: [Event]) {
        var (watched, events, at): (Set<Int>, [Event], Int) = ([], [], -250)
        while at < 500 {
            let end = at + Int.random(in: 20..<200, using: &random)
            let from = Int.random(in: at...end - 10, using: &random)
            let gap = from..<from + Int.random(in: 1..<10, using: &random)
            events.append(try Past.coverage("/poller", "started", at: Double(at)))
            events.append(try Past.coverage("/poller", "stopped", at: Double(end)))
            let bounds = (Double(gap.lowerBound), Double(gap.upperBound))
            events.append(try Past.coverage("/poller", "gap", at: Double(end), gap: bounds))
            watched.formUnion(Set(at..<end).subtracting(gap))
            at = end + Int.random(in: 1..<60, using: &random)
        }
        return (watched, events)
    }

    /// The seconds of a window in each status, by server or host, and how many servers were there at all.
    private func count(
        _ lives: [Life], _ watched: Set<Int>?, _ window: Range<Int>, group: (_ server: Int, _ host: String) -> String
    ) -> [String: (seconds: [String: Double], servers: Int)] {
        var groups: [String: (seconds: [String: Double], servers: Int)] = [:]
        for (number, life) in zip(1..., lives) {
            var own: [String: [String: Double]] = [:]
            for second in window {
                let (status, host) = life.state(second, isWatched: watched?.contains(second) ?? true)
                own[group(number, host), default: [:]][status, default: 0] += 1
            }
            for (name, seconds) in own where seconds.keys.contains(where: { $0 != "absent" }) {
                // Elsewhere, it is absent here.
                var seconds = seconds
                let elsewhere = Double(window.count) - seconds.values.reduce(0, +)
                if elsewhere > 0 { seconds["absent", default: 0] += elsewhere }
                var sum = groups[name] ?? ([:], 0)
                sum.seconds.merge(seconds, uniquingKeysWith: +)
                sum.servers += 1
                groups[name] = sum
            }
        }
        return groups
    }

    /// Servers and what was told of them, in an order of its own.
    private func history(_ seed: UInt64) throws -> (lives: [Life], watched: Set<Int>?, events: [Event]) {
        var random = SplitMix(seed: seed)
        let lives = lives(&random)
        let told = try coverage(&random)
        // A source that never says anything of its watching is taken to have watched always.
        let watched = seed % 3 == 0 ? nil : told.watched
        var events = watched == nil ? [] : told.events
        for (number, life) in zip(1..., lives) {
            for sighting in life.sightings {
                var more: [String: JSON] = life.created.map { Past.created(Double($0)) } ?? [:]
                more["host"] = .string(sighting.host)
                events.append(try Past.status(number, sighting.status, at: Double(sighting.at), more))
            }
        }
        events.shuffle(using: &random)
        return (lives, watched, events)
    }

    @Test("Every second of every server is counted once, where it belongs", arguments: 1...8 as ClosedRange<UInt64>)
    func everySecond(seed: UInt64) async throws {
        let (lives, watched, events) = try history(seed)
        try await TestService.with(lanes: seed % 2 == 0 ? 1 : 3) { service in
            for start in stride(from: 0, to: events.count, by: 15) {
                try await service.append(Array(events[start..<min(start + 15, events.count)]))
            }
            for window in [0..<400, -50..<120, 250..<251, 390..<900] {
                for (by, group) in [
                    ("fleet", { _, _ in "fleet" }), ("host", { _, host in host }),
                    ("server", { number, _ in Sample.server(number).lower }),
                ] as [(String, (Int, String) -> String)] {
                    let answer = try await service.timeInState(
                        Double(window.lowerBound), Double(window.upperBound), "&by=\(by)")
                    let expected = count(lives, watched, window, group: group)
                    #expect(answer["groups"]?.column("group") == expected.keys.sorted().map { .string($0) })
                    for (name, figures) in expected {
                        let found = answer.group(.string(name))
                        #expect(found?.seconds == figures.seconds, "\(by) \(name) in \(window)")
                        #expect(found?["servers"]?.int == figures.servers, "\(by) \(name) in \(window)")
                    }
                }
            }
        }
    }

    @Test("What was answered once is answered again as of then", arguments: 1...6 as ClosedRange<UInt64>)
    func knownThen(seed: UInt64) async throws {
        let events = try history(seed).events
        let lanes: Int16 = seed % 2 == 0 ? 1 : 3
        try await TestService.with(lanes: lanes) { service in
            var answers: [(known: String, groups: [String: JSON])] = []
            func ask(_ more: String = "") async throws -> (positions: [JSON], groups: [String: JSON]) {
                var positions: [JSON] = []
                var groups: [String: JSON] = [:]
                for by in ["server", "host", "fleet"] {
                    let answer = try await service.timeInState(-50, 350, "&by=\(by)\(more)")
                    groups[by] = answer["groups"]
                    positions = answer.at("as_of.positions")?.array ?? []
                }
                return (positions, groups)
            }
            for start in stride(from: 0, to: events.count, by: 12) {
                try await service.append(Array(events[start..<min(start + 12, events.count)]))
                let answer = try await ask()
                let sizes = answer.positions.map { "\($0["lane"]?.int ?? -1):\($0["size"]?.int ?? -1)" }
                answers.append((sizes.joined(separator: ","), answer.groups))
            }
            try #require(answers.count > 3)
            for (known, groups) in answers {
                let again = try await ask("&known_at=\(known)")
                #expect(again.groups == groups, "as of \(known)")
            }
        }
    }
}
