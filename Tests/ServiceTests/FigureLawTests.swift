import DatabaseTesting
import Generator
import Postgres
import ShareServers
import Testing

/// The laws of figures, over random histories and over those of a generated fleet.
@Suite(.database) struct FigureLawTests {
    typealias Round = RandomHistory.Round

    @Test(
        "Every figure is the fold's, for any window, grouping and choice of servers",
        arguments: Round.numbered(1, count: 3))
    func figures(_ round: Round) async throws {
        try await TestService.with(lanes: round.lanes) { service in
            var history = RandomHistory(seed: round.seed)
            let events = try history.events(servers: 24, length: 14, round.times)
            var log = FigureLog(service)
            try await log.append(events, upTo: 120, using: &history.random)
            for _ in 0..<3 {
                try await expectFigures(log, history.window(events), round, using: &history.random)
            }
        }
    }

    @Test("The figures of a generated fleet are the fold's", arguments: [1, 4])
    func generatedFleet(lanes: Int16) async throws {
        var fleet = Generator.Fleet()
        fleet.servers = 30
        fleet.hosts = 4
        fleet.projects = 5
        fleet.latePerMille = 60
        fleet.gapsPerMille = 20
        fleet.from = RandomHistory.moment
        let seed = 20_240_901 + UInt64(lanes)
        let events = try Generator(seed: seed, fleet: fleet).prefix(3000).map { line in
            try Array(line.utf8).withUnsafeBytes { try Event(decoding: $0) }
        }
        let round = Round(lanes: lanes, seed: seed)
        try await TestService.with(lanes: lanes) { service in
            var random = SplitMix(seed: seed)
            var log = FigureLog(service)
            try await log.append(events, upTo: 1500, using: &random)
            let times = events.map(\.time.microseconds)
            for _ in 0..<2 {
                let bounds = [random.pick(times), random.pick(times)]
                try await expectFigures(log, bounds.min()!..<bounds.max()! + 1, round, using: &random)
            }
        }
    }

    private func expectFigures(
        _ log: FigureLog, _ window: Range<Int64>, _ round: Round, using random: inout SplitMix
    ) async throws {
        let fold = log.fold
        for question in FiguresFold.Question.about(window, fold, using: &random) {
            let differences = try await log.timeInStateDifferences(question, fold)
            #expect(differences == [], "\(round): \(question.parameters)")
        }
        #expect(try await log.episodeDifferences(window, fold) == [], "\(round): \(window)")
        // In 5 to 9 steps, the last of which may be short.
        let seconds = (window.upperBound - window.lowerBound) / 1_000_000
        let step = max(seconds / Int64.random(in: 5...8, using: &random), 1) * 1_000_000
        for by in ["fleet", "host", "project", "share_network"] {
            let question = FiguresFold.Question(window: window, by: by)
            let differences = try await log.capacityDifferences(question, step: step, fold)
            #expect(differences == [], "\(round): \(question.parameters), steps of \(step) µs")
        }
    }

    @Test("The times of all groups are those of the fleet, status by status", arguments: Round.numbered(2, count: 2))
    func sums(_ round: Round) async throws {
        try await TestService.with(lanes: round.lanes) { service in
            var history = RandomHistory(seed: round.seed)
            let events = try history.events(servers: 30, length: 12)
            try await service.append(events)
            for _ in 0..<3 {
                var question = FiguresFold.Question(window: history.window(events))
                let fleet = try await totals(question, service)
                for by in ["server", "host", "project", "share_network"] {
                    question.by = by
                    #expect(try await totals(question, service) == fleet, "\(round): \(question.parameters)")
                }
            }
        }
    }

    /// The microseconds in each status, and unobserved, over all groups.
    private func totals(
        _ question: FiguresFold.Question, _ service: TestService
    ) async throws -> [String: Int64] {
        var totals: [String: Int64] = [:]
        let answer = try await service.good("/v1/metrics/time-in-state?limit=1000&\(question.parameters)")
        for group in answer["groups"]?.array ?? [] {
            totals["unobserved", default: 0] += group["unobserved_s"]?.microseconds ?? 0
            for status in group["statuses"]?.array ?? [] {
                totals[status["status"]?.string ?? "", default: 0] += status["total_s"]?.microseconds ?? 0
            }
        }
        return totals
    }

    @Test("Nobody watched a server in the gaps of its history, and only then", arguments: Round.numbered(7, count: 2))
    func gaps(_ round: Round) async throws {
        try await TestService.with(lanes: round.lanes) { service in
            var history = RandomHistory(seed: round.seed)
            var log = FigureLog(service)
            try await log.append(try history.events(servers: 20, length: 10, round.times))
            for life in log.fold.lives {
                // What lies between going and coming back is neither here nor there.
                guard !life.visits.dropLast().contains(where: { $0.status == "absent" }) else { continue }
                let end = life.visits.last.map { $0.status == "absent" ? $0.from : .max } ?? .max
                let expected = Stretches.difference([life.visits[0].from..<end], life.observed).map { gap in
                    [gap.lowerBound, gap.upperBound == .max ? nil : gap.upperBound]
                }
                let answer = try await service.good("/v1/servers/\(life.server.lower)/history")
                let gaps = (answer["gaps"]?.array ?? []).map { [$0["from"]?.moment, $0["until"]?.moment] }
                #expect(gaps == expected, "\(round): \(life.server)")
            }
        }
    }

    /// Every form of a time that the log takes. Source: Manila README, "Times are UTC without a zone"; RFC 3339.
    @Test(
        "Before its creation a server is absent, however that was written",
        arguments: [
            "2024-09-01T08:50:00", "2024-09-01T08:50:00.000000", "2024-09-01T08:50:00Z", "2024-09-01T10:50:00+02:00",
        ])
    func creation(written: String) async throws {
        try await TestService.with { service in
            let seen = try Event(
                id: "seen", source: "/test", type: EventType.status, time: Timestamp("2024-09-01T09:01:00Z")!,
                subject: Sample.alpha.lower, data: ["status": "active", "created_at": .string(written)])
            try await service.append([seen])
            // From 08:40 to 09:10: absent until 08:50, unobserved until 09:01, active for 9 minutes.
            let group = try await service.good(
                "/v1/metrics/time-in-state?from=2024-09-01T08:40:00Z&until=2024-09-01T09:10:00Z"
            ).at("groups.0")
            #expect(group?["window_s"] == 1800)
            #expect(group?["absent_s"] == 600)
            #expect(group?["unobserved_s"] == 660)
            #expect(group?.at("statuses.0.total_s") == 540)
        }
    }

    @Test("Figures are the same in whatever order events have come", arguments: Round.numbered(3, count: 1))
    func anyOrder(_ round: Round) async throws {
        var history = RandomHistory(seed: round.seed)
        let events = try history.events(servers: 24, length: 14)
        let windows = (0..<2).map { _ in history.window(events) }
        let inOrder = events.sorted { ($0.time, $0.id) < ($1.time, $1.id) }
        let expected = try await answers(to: windows, inOrder, upTo: 1000, round)
        for (number, limit) in [1000, 40].enumerated() {
            let shuffled = events.shuffled(using: &history.random)
            let other = try await answers(to: windows, shuffled, upTo: limit, round)
            #expect(other == expected, "\(round), order \(number)")
        }
    }

    /// What a service over a log of its own answers, without what the answers rest on.
    private func answers(
        to windows: [Range<Int64>], _ events: [Event], upTo limit: Int, _ round: Round
    ) async throws -> [String: JSON] {
        try await FigureLog.withDatabase { url in
            try await TestService.with(lanes: round.lanes, url: url) { service in
                var random = SplitMix(seed: round.seed)
                var log = FigureLog(service)
                try await log.append(events, upTo: limit, using: &random)
                var answers: [String: JSON] = [:]
                for window in windows {
                    for by in ["fleet", "server", "host", "project", "share_network"] {
                        let parameters = FiguresFold.Question(window: window, by: by).parameters
                        for route in ["time-in-state", "capacity", "reliability"] {
                            if route == "capacity", by == "server" { continue }
                            let uri = "/v1/metrics/\(route)?\(parameters)"
                            answers[uri] = try await service.good(uri).withoutAsOf
                        }
                    }
                }
                return answers
            }
        }
    }
}
