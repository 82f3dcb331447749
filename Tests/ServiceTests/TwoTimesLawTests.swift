import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Testing

/// What Dossier had recorded by some entry: the answer that it gave when the log had no more than that.
@Suite(.database) struct TwoTimesLawTests {
    typealias Round = RandomHistory.Round

    /// What was asked when the log was as long as that, and what was answered.
    struct Stage {
        let sizes: [Int]
        let recorded: String
        var answers: [(uri: String, answer: Answer)] = []

        var knownAt: String {
            sizes.count == 1 ? "\(sizes[0])" : sizes.enumerated().map { "\($0):\($1)" }.joined(separator: ",")
        }
    }

    @Test(
        "An answer as known at some sizes of the log is the one of a service that had no more",
        arguments: Round.numbered(4, count: 2))
    func stages(_ round: Round) async throws {
        try await TestService.with(lanes: round.lanes) { service in
            var history = RandomHistory(seed: round.seed)
            let events = try history.events(servers: 12, length: 14, round.times)
            var log = FigureLog(service)
            var stages: [Stage] = []
            let length = max(events.count / 5, 1)
            for first in stride(from: 0, to: events.count, by: length) {
                try await log.append(Array(events[first..<min(first + length, events.count)]))
                stages.append(try await stage(service, uris(events, &history)))
            }
            for (number, stage) in stages.enumerated() {
                for (index, then) in stage.answers.enumerated() {
                    // By position, and by the moment at which the last of these entries was recorded.
                    let knownAt = (number + index).isMultiple(of: 2) ? stage.knownAt : stage.recorded
                    let now = try await service.get("\(then.uri)&known_at=\(knownAt)")
                    let differences = now.json.withoutClock.differences(from: then.answer.json.withoutClock)
                    let (positions, former) = (now.json.at("as_of.positions"), then.answer.json.at("as_of.positions"))
                    #expect(positions == former, "\(round): the roots of \(then.uri)&known_at=\(knownAt)")
                    #expect(now.status == then.answer.status, "\(round): \(then.uri)&known_at=\(knownAt)")
                    #expect(differences == [], "\(round): \(then.uri)&known_at=\(knownAt)")
                }
            }
        }
    }

    /// Questions about what is past, so that the answer does not hang on when it is asked.
    private func uris(_ events: [Event], _ history: inout RandomHistory) -> [String] {
        let window = history.window(events)
        let (from, until) = (Timestamp(microseconds: window.lowerBound), Timestamp(microseconds: window.upperBound))
        let step = max((window.upperBound - window.lowerBound) / 7_000_000, 1)
        let bounds = "from=\(from)&until=\(until)"
        let servers = (0..<3).map { _ in Sample.server(history.random.pick(Array(1...12))).lower }
        return [
            "/v1/servers?limit=1000&at=\(from)", "/v1/servers?limit=1000&at=\(until)&host=h1",
            "/v1/servers?limit=1000&at=\(until)&class=\(history.random.pick(["serving", "failed", "absent"]))",
            "/v1/servers/diff?limit=1000&\(bounds)",
            "/v1/metrics/time-in-state?by=\(history.random.pick(["fleet", "server", "host", "project"]))&\(bounds)",
            "/v1/metrics/time-in-state?host=h1&\(bounds)",
            "/v1/metrics/reliability?by=\(history.random.pick(["fleet", "server", "host", "project"]))&\(bounds)",
            "/v1/metrics/reliability?server_id=\(servers[0])&\(bounds)",
            "/v1/metrics/capacity?by=\(history.random.pick(["fleet", "host", "project"]))&step=\(step)s&\(bounds)",
            "/v1/metrics/calls?by=\(history.random.pick(["operation", "actor", "project", "host", "http_class"]))&\(bounds)",
            "/v1/metrics/calls?server_id=\(servers[1])&\(bounds)", "/v1/errors?limit=1000&\(bounds)",
            "/v1/errors?server_id=\(servers[2])&\(bounds)", "/v1/stuck?floor=1s&at=\(until)",
            "/v1/conformance?limit=1000&\(bounds)", "/v1/coverage?limit=1000&\(bounds)",
            "/v1/events?limit=1000&\(bounds)",
        ]
            + servers.flatMap { ["/v1/servers/\($0)?at=\(until)", "/v1/servers/\($0)/history?limit=1000&\(bounds)"] }
    }

    private func stage(_ service: TestService, _ uris: [String]) async throws -> Stage {
        let asOf = try await service.good("/v1/servers")["as_of"]
        let positions = try #require(asOf?["positions"]?.array)
        let sizes = positions.compactMap { $0["size"]?.int }
        var recorded = ""
        for (lane, size) in sizes.enumerated() where size > 0 {
            let entry = try await service.good("/v1/events/\(lane)/\(size - 1)")
            recorded = max(recorded, try #require(entry.at("entry.recorded")?.string))
        }
        var stage = Stage(sizes: sizes, recorded: recorded)
        for uri in uris { stage.answers.append((uri, try await service.get(uri))) }
        return stage
    }

    @Test(
        "Figures as known at any sizes of the lanes are the fold's of so many entries",
        arguments: Round.numbered(5, count: 2))
    func anySizes(_ round: Round) async throws {
        try await TestService.with(lanes: round.lanes) { service in
            var history = RandomHistory(seed: round.seed)
            let events = try history.events(servers: 20, length: 14, round.times)
            var log = FigureLog(service)
            try await log.append(events, upTo: 100, using: &history.random)
            for _ in 0..<3 {
                let sizes = (0..<Int(round.lanes)).map { lane in
                    Int.random(
                        in: 0...log.entries.count { Int($0.position.lane.number) == lane }, using: &history.random)
                }
                let fold = log.fold(sizes)
                guard !fold.lives.isEmpty else { continue }
                let knownAt = Stage(sizes: sizes, recorded: "").knownAt
                let window = history.window(events)
                for question in FiguresFold.Question.about(window, fold, using: &history.random) {
                    let differences = try await log.timeInStateDifferences(question, fold, more: "&known_at=\(knownAt)")
                    #expect(differences == [], "\(round): \(question.parameters)&known_at=\(knownAt)")
                }
            }
        }
    }

    @Test("As known at the whole log, every figure is as it is without", arguments: Round.numbered(6, count: 3))
    func wholeLog(_ round: Round) async throws {
        try await TestService.with(lanes: round.lanes) { service in
            var history = RandomHistory(seed: round.seed)
            let events = try history.events(servers: 20, length: 14, round.times)
            try await service.append(events)
            for _ in 0..<3 {
                let stage = try await stage(service, uris(events, &history))
                for (uri, plain) in stage.answers {
                    let known = try await service.get("\(uri)&known_at=\(stage.knownAt)")
                    #expect(
                        known.json.withoutClock.differences(from: plain.json.withoutClock) == [], "\(round): \(uri)")
                }
            }
        }
    }
}
