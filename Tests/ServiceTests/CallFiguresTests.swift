import DatabaseTesting
import Postgres
import ShareServers
import Testing

/// `GET /v1/metrics/calls`: how many calls there were, and how they were answered.
@Suite(.log) struct CallFiguresTests {
    private static let alice: JSON = ["user_id": "alice", "project_id": "p"]
    private static let bob: JSON = ["user_id": "bob", "project_id": "q"]

    /// Seven calls of two hours and a moment. Server 1 is on host a, 2 on b; one call names the host c.
    private func calls() throws -> [Event] {
        let (alice, bob) = (Self.alice, Self.bob)
        return [
            try Past.status(1, "active", at: -60, ["host": "a"]), try Past.status(2, "active", at: -60, ["host": "b"]),
            try Past.call(nil, "list", 200, at: 0, ["actor": alice, "duration_ms": 10]),
            try Past.call(1, "show", 200, at: 600, ["actor": alice, "duration_ms": 20]),
            try Past.call(1, "delete", 409, at: 1800, ["actor": bob, "duration_ms": 30]),
            try Past.call(2, "delete", 202, at: 3600, ["actor": bob, "duration_ms": 42]),
            try Past.call(2, "show", 404, at: 5400, ["actor": alice]),
            try Past.call(
                nil, "manage", 500, at: 7199.999999,
                ["actor": alice, "duration_ms": 50, "request": ["share_server": ["host": "c"]]]),
            // Nobody was told of the caller, and there was no answer.
            try Past.call(1, "show", nil, at: 7200, ["duration_ms": 60]),
        ]
    }

    /// How many calls there were in each group.
    private func counts(
        _ service: TestService, _ from: Double, _ until: Double, _ more: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [JSON: JSON] {
        let answer = try await service.calls(from, until, more, sourceLocation)
        return Dictionary(
            (answer["groups"]?.array ?? []).map { ($0["group"] ?? "missing", $0["calls"] ?? .null) },
            uniquingKeysWith: { _, _ in "twice" })
    }

    @Test("Each group has its calls, the classes of their answers, their rate and the share that failed")
    func everyFigure() async throws {
        try await TestService.with { service in
            try await service.append(calls())
            let answer = try await service.calls(0, 2 * Past.hour)
            #expect(answer["by"] == "operation")
            #expect(answer["groups"]?.column("group") == ["delete", "list", "manage", "show"])
            let deletions = try #require(answer.group("delete"))
            // Two in two hours, of which one failed; (30 + 42) / 2 = 36.
            #expect(deletions["calls"] == 2)
            #expect(deletions["http"] == ["2xx": 1, "4xx": 1])
            #expect(deletions["rate_per_hour"] == 1)
            #expect(deletions["failed_share"] == 0.5)
            #expect(deletions["timed"] == 2)
            #expect(deletions["mean_ms"] == 36)
            // One of its two has no duration.
            let shows = try #require(answer.group("show"))
            #expect(["calls", "timed", "mean_ms"].map { shows[$0] } == [2, 1, 20])
            #expect(answer.group("manage")?["http"] == ["5xx": 1])
            #expect(answer.group("manage")?["failed_share"] == 1)
            #expect(answer.group("list")?["failed_share"] == 0)
            #expect(answer.group("list")?["rate_per_hour"] == 0.5)
        }
    }

    @Test("Calls are told apart by what is asked for; null is for those of which it was not told")
    func groupings() async throws {
        try await TestService.with { service in
            try await service.append(calls())
            let end = 2 * Past.hour + 0.000001
            let expected: [(String, [JSON: JSON])] = [
                ("operation", ["list": 1, "show": 3, "delete": 2, "manage": 1]),
                ("actor", ["alice": 4, "bob": 2, .null: 1]),
                ("project", ["p": 4, "q": 2, .null: 1]), ("host", ["a": 3, "b": 2, "c": 1, .null: 1]),
                ("fleet", ["fleet": 7]),
            ]
            for (by, groups) in expected {
                #expect(try await counts(service, 0, end, "&by=\(by)") == groups, "by \(by)")
            }
            let fleet = try await service.calls(0, end, "&by=fleet").group()
            #expect(fleet?["http"] == ["2xx": 3, "4xx": 2, "5xx": 1, "none": 1])
            // Three failed; what had no answer did not say so.
            #expect(fleet?["failed_share"] == .number(3.0 / 7))
            #expect(fleet?["timed"] == 6)
        }
    }

    @Test("Classes of HTTP status are called the same as groups and within groups")
    func httpClasses() async throws {
        try await TestService.with { service in
            try await service.append(calls())
            let groups = try await counts(service, 0, 2 * Past.hour + 1, "&by=http_class")
            #expect(groups == ["2xx": 3, "4xx": 2, "5xx": 1, "none": 1])
        }
    }

    @Test("A window has the calls from its beginning on and not those of its end, in whole hours or not")
    func windows() async throws {
        try await TestService.with { service in
            try await service.append(calls())
            let expected: [(Double, Double, JSON?)] = [
                (0, 3600, 3), (3600, 7200, 3), (0, 7200, 6), (7200, 10_800, 1), (0, 10_800, 7),
                // Parts of one hour, of two, and of the hours around a whole one.
                (600, 1800, 1), (600.000001, 1800.000001, 1), (1000, 2000, 1), (601, 1799, nil), (600, 5400, 3),
                (600.000001, 5400.000001, 3), (600, 7200.000001, 6), (-1800, 0, nil), (-1800, 0.000001, 1),
                (1, 3600, 2), (0, 3600.000001, 4), (7200.000001, 9000, nil),
            ]
            for (from, until, count) in expected {
                let fleet = try await service.calls(from, until, "&by=fleet").group()
                #expect(fleet?["calls"] == count, "\(from) to \(until)")
                let rate = count?.number.map { $0 * 3600 / (until - from) }
                #expect(fleet.map { $0["rate_per_hour"]?.isClose(to: rate ?? -1) == true } ?? (rate == nil))
            }
        }
    }

    @Test("A question may be about some of the calls only")
    func filters() async throws {
        try await TestService.with { service in
            try await service.append(calls())
            let one = Sample.server(1).lower
            // Whole hours, as counted; and, cut in an hour, out of the log.
            for (from, until) in [(0, 10_800), (-1.5, 8000.5)] as [(Double, Double)] {
                let expected: [(String, [JSON: JSON])] = [
                    ("operation=delete", ["delete": 2]), ("actor=bob", ["delete": 2]),
                    ("project_id=p", ["list": 1, "show": 2, "manage": 1]), ("host=a", ["show": 2, "delete": 1]),
                    ("host=c", ["manage": 1]), ("server_id=\(one)", ["show": 2, "delete": 1]),
                    ("server_id=\(one)&operation=delete", ["delete": 1]), ("server_id=\(one)&host=b", [:]),
                    ("server_id=\(one)&actor=alice", ["show": 1]), ("operation=show&actor=alice&host=b", ["show": 1]),
                    ("server_id=\(Sample.server(3).lower)", [:]), ("actor=carol", [:]),
                ]
                for (filter, groups) in expected {
                    #expect(try await counts(service, from, until, "&\(filter)") == groups, "\(filter) from \(from)")
                }
            }
            #expect(try await counts(service, 600, 1800, "&server_id=\(one)&by=actor") == ["alice": 1])
        }
    }

    @Test("A call is on the host where its server was last seen by then, should that be told later")
    func lateStatus() async throws {
        try await TestService.with { service in
            func hosts() async throws -> [[JSON: JSON]] {
                // Whole hours, parts of one, and of one server: three ways to the same calls.
                var hosts: [[JSON: JSON]] = []
                for (until, more) in [(3600.0, ""), (3000, ""), (3600, "&server_id=\(Sample.server(1).lower)")] {
                    hosts.append(try await counts(service, 0, until, "&by=host\(more)"))
                }
                return hosts
            }
            func expect(_ expected: [JSON: JSON], sourceLocation: SourceLocation = #_sourceLocation) async throws {
                let found = try await hosts()
                #expect(found == [expected, expected, expected], sourceLocation: sourceLocation)
            }
            try await service.append([
                Past.call(1, "show", 200, at: 100), Past.call(1, "show", 200, at: 1000),
                Past.call(1, "delete", 202, at: 2000, ["request": ["share_server": ["host": "named"]]]),
            ])
            try await expect([.null: 2, "named": 1])
            try await service.append([Past.status(1, "active", at: 500, ["host": "a"])])
            try await expect([.null: 1, "a": 2])
            // Before the second of them, between it and the third, and after all.
            try await service.append([
                Past.status(1, "active", at: 2500, ["host": "d"]), Past.status(1, "error", at: 1500, ["host": "b"]),
            ])
            try await expect([.null: 1, "a": 1, "b": 1])
            try await service.append([Past.status(1, "creating", at: 50, ["host": "c"])])
            try await expect(["c": 1, "a": 1, "b": 1])
            #expect(try await counts(service, 0, 3600, "&host=c&by=operation") == ["show": 1])
        }
    }

    // MARK: - Little to tell

    @Test("An empty log has no groups; nor has one in which nobody called")
    func nothing() async throws {
        try await TestService.with { service in
            for by in ["operation", "actor", "project", "host", "http_class", "fleet"] {
                #expect(try await service.calls(0, 7200, "&by=\(by)")["groups"] == [])
            }
            try await service.append(Past.life(1, ["active": 0]))
            #expect(try await service.calls(0, 7200)["groups"] == [])
        }
    }

    @Test("The rate is by the time up to what is known")
    func untilNow() async throws {
        try await TestService.with { service in
            try await service.append(calls())
            let uri = "/v1/metrics/calls?from=\(Past.text(0))&until=2999-01-01T00:00:00Z&by=fleet"
            let answer = try await service.good(uri)
            #expect(answer.at("window.until") == answer.at("as_of.time"))
            let length = try #require(answer.at("window.length_s")?.number)
            #expect(answer.group()?["rate_per_hour"]?.isClose(to: 7 * 3600 / length) == true)
        }
    }

    @Test(
        "What cannot be answered is refused",
        arguments: [
            ("by=server", "by"), ("by=share_network", "by"), ("server_id=x", "server_id"), ("limit=5", "limit"),
        ])
    func refusals(query: String, parameter: String) async throws {
        try await TestService.with { service in
            let answer = try await service.get("/v1/metrics/calls?\(Past.window(0, 100))&\(query)")
            #expect(answer.isProblem(400, parameter: parameter), "\(answer)")
        }
    }
}

extension TestService {
    /// The answer of calls for a window of `Past`.
    func calls(
        _ from: Double, _ until: Double, _ more: String = "", _ sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSON {
        try await good("/v1/metrics/calls?\(Past.window(from, until))\(more)", sourceLocation: sourceLocation)
    }
}
