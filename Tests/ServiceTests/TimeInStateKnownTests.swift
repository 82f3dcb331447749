import DatabaseTesting
import Postgres
import ShareServers
import Testing

/// `GET /v1/metrics/time-in-state` as of what had been recorded by a moment or a position.
@Suite(.log) struct TimeInStateKnownTests {
    /// The seconds of each server from 0 to 100, as known by then.
    private func seconds(_ service: TestService, _ known: String) async throws -> [String: [String: Double]] {
        let answer = try await service.timeInState(0, 100, "&by=server&known_at=\(known)")
        let groups = answer["groups"]?.array ?? []
        return Dictionary(uniqueKeysWithValues: groups.map { ($0["group"]?.string ?? "-", $0.seconds) })
    }

    private let one = Sample.server(1).lower
    private let two = Sample.server(2).lower

    /// Server 1 as first told (positions 0 and 1), then corrected by a late event (2), then that server 2 had been
    /// there too (3), and at last when the servers were created (4, 5).
    private func tell(_ service: TestService) async throws {
        try await service.append([Past.status(1, "active", at: 20), Past.status(1, "absent", at: 80)])
        try await service.append([Past.status(1, "error", at: 50)])
        try await service.append([Past.status(2, "active", at: 40)])
        try await service.append([
            Past.status(1, "error", at: 60, Past.created(10)), Past.status(2, "active", at: 90, Past.created(30)),
        ])
    }

    /// By how many entries were known.
    private var expected: [[String: [String: Double]]] {
        let first = ["unobserved": 20.0, "active": 60, "absent": 20]
        let second = ["unobserved": 20.0, "active": 30, "error": 30, "absent": 20]
        let third = ["unobserved": 40.0, "active": 60]
        return [
            [:], [one: ["unobserved": 20, "active": 80]], [one: first], [one: second], [one: second, two: third],
            // Created at 10: absent 10 more, and only 10 unobserved.
            [one: ["unobserved": 10, "active": 30, "error": 30, "absent": 30], two: third],
            [
                one: ["unobserved": 10, "active": 30, "error": 30, "absent": 30],
                two: ["unobserved": 10, "active": 60, "absent": 30],
            ],
        ]
    }

    @Test("As of a position, only what had been recorded by then counts")
    func byPosition() async throws {
        try await TestService.with { service in
            try await tell(service)
            for (known, expected) in expected.enumerated() {
                #expect(try await seconds(service, "\(known)") == expected, "\(known) entries")
            }
            // More than there are: all.
            #expect(try await seconds(service, "7000") == expected.last)
            let asOf = try await service.timeInState(0, 100, "&known_at=2").at("as_of.positions")
            #expect(asOf?.column("size") == [2])
        }
    }

    @Test("As of a moment, only what had been recorded by then counts")
    func byMoment() async throws {
        try await TestService.with { service in
            try await tell(service)
            let events = try #require(try await service.good("/v1/events?limit=1000")["events"]?.array)
            // From the newest on or from the oldest; entries of one batch were recorded at the same moment.
            let recorded = Dictionary(
                uniqueKeysWithValues: events.map { ($0["position"]?.int ?? -1, $0["recorded"]?.string ?? "") })
            #expect(recorded.count == 6)
            for known in 1...6 {
                let moment = try #require(recorded[known - 1])
                let count = recorded.values.count { $0 <= moment }
                #expect(try await seconds(service, moment) == expected[count], "\(known)")
            }
            // Before the first entry, and so before the window: nothing is known of any of it.
            let uri = "/v1/metrics/time-in-state?\(Past.window(0, 100))&known_at=2019-12-31T00:00:00Z"
            let none = try await service.good(uri)
            service.expectWhole(none)
            #expect(none["groups"] == [])
            #expect(none.at("window.length_s") == 0)
        }
    }

    @Test("What was known by a moment says nothing of later ones")
    func clipped() async throws {
        try await TestService.with { service in
            try await service.append([Past.status(1, "active", at: 20)])
            let moment = try #require(try await service.good("/v1/servers").at("as_of.time")?.string)
            let uri = "/v1/metrics/time-in-state?from=\(Past.text(0))&until=2999-01-01T00:00:00Z&known_at=\(moment)"
            let answer = try await service.good(uri)
            service.expectWhole(answer)
            #expect(answer.at("window.until")?.string == moment)
            #expect(answer.at("window.is_clipped") == true)
            let length = try #require(Timestamp(moment)).microseconds - Past.time(20).microseconds
            #expect(answer.group()?.status("active")?["total_s"] == .number(Double(length) / 1e6))
        }
    }

    @Test("That a source did not watch is known only once it has been told")
    func coverage() async throws {
        try await TestService.with { service in
            try await service.append([Past.status(1, "active", at: 0)])
            try await service.append([Past.coverage("/poller", "started", at: 0)])
            try await service.append([Past.coverage("/poller", "alive", at: 90)])
            try await service.append([Past.coverage("/poller", "gap", at: 90, gap: (10, 30))])
            try await service.append([Past.status(1, "active", at: 95, by: "/push")])
            // Nothing said: watched always. Started: to its last sign of life, which is 0, then 90. Then less the
            // gap. At last another source tells of the server, which is taken to have watched always.
            let expected: [[String: Double]] = [
                ["active": 100], ["unobserved": 100], ["active": 90, "unobserved": 10],
                ["active": 70, "unobserved": 30], ["active": 100],
            ]
            for (known, seconds) in zip(1..., expected) {
                #expect(try await self.seconds(service, "\(known)") == [one: seconds], "\(known) entries")
            }
        }
    }

    @Test("Late news of where a server was moves its time to another group")
    func groups() async throws {
        try await TestService.with { service in
            try await service.append([
                Past.status(1, "active", at: 0, ["host": "a"]), Past.status(1, "error", at: 60, ["host": "b"]),
            ])
            try await service.append([Past.status(1, "creating", at: 20, ["host": "c"])])
            func hosts(_ known: Int) async throws -> [String: [String: Double]] {
                let answer = try await service.timeInState(0, 100, "&by=host&known_at=\(known)")
                let groups = answer["groups"]?.array ?? []
                return Dictionary(uniqueKeysWithValues: groups.map { ($0["group"]?.string ?? "-", $0.seconds) })
            }
            #expect(try await hosts(2) == ["a": ["active": 60, "absent": 40], "b": ["error": 40, "absent": 60]])
            let all: [String: [String: Double]] = [
                "a": ["active": 20, "absent": 80], "b": ["error": 40, "absent": 60],
                "c": ["creating": 40, "absent": 60],
            ]
            #expect(try await hosts(3) == all)
        }
    }
}
