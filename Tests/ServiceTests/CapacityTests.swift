import DatabaseTesting
import Postgres
import ShareServers
import Testing

/// `GET /v1/metrics/capacity`: how many servers there were, step by step. Times are in hours, but for the limits.
@Suite(.log) struct CapacityTests {
    private func life(
        _ server: Int, _ statuses: KeyValuePairs<String, Double>, _ more: [String: JSON] = [:]
    ) throws -> [Event] {
        try statuses.map { try Past.status(server, $0.key, at: $0.value * Past.hour, more) }
    }

    private func steps(
        _ service: TestService, _ from: Double, _ until: Double, _ more: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [JSON] {
        let answer = try await service.capacity(from * Past.hour, until * Past.hour, more, sourceLocation)
        return try #require(answer["steps"]?.array, sourceLocation: sourceLocation)
    }

    /// One class in one step.
    private func figures(_ mean: Double, peak: Int, hours: Double) -> JSON {
        ["mean": .number(mean), "peak": .number(Double(peak)), "server_hours": .number(hours)]
    }

    /// Three servers.
    ///
    ///     1   created at 1 and seen then, active 1 … 6, error 6 … 9, gone from 9
    ///     2   creating 3 … 5, active from 5
    ///     3   created at 0:30, first seen at 2, active from 2
    private func fleet() throws -> [Event] {
        try life(1, ["active": 1, "error": 6, "absent": 9], Past.created(Past.hour))
            + life(2, ["creating": 3, "active": 5]) + life(3, ["active": 2], Past.created(0.5 * Past.hour))
    }

    @Test(
        "Each step has the mean weighted by time, the peak and the server-hours of each class; the last may be shorter")
    func everyFigure() async throws {
        try await TestService.with { service in
            try await service.append(fleet())
            func step(_ from: Double, _ until: Double, _ classes: [String: JSON], _ turns: (JSON, JSON)) -> JSON {
                [
                    "group": "fleet", "from": .string(Past.text(from * Past.hour)),
                    "until": .string(Past.text(until * Past.hour)), "classes": .object(classes), "created": turns.0,
                    "removed": turns.1,
                ]
            }
            // 0–4: serving 1–4 and 2–4, 5 h of 4; 2 in creation 3–4; unobserved 2 until 3, and 3 from 0:30 until 2:
            // 4.5 h, both at once from 0:30. 1 was absent until 1 and 3 until 0:30: 5 + 1 + 4.5 + 1.5 = 3 × 4.
            let first = step(
                0, 4,
                [
                    "serving": figures(1.25, peak: 2, hours: 5), "transitional": figures(0.25, peak: 1, hours: 1),
                    "unobserved": figures(1.125, peak: 2, hours: 4.5),
                ], (3, 0))
            // 4–8: serving 4–6, 5–8 and 4–8, 9 h, all three from 5 to 6; failed 6–8; in creation 4–5.
            let second = step(
                4, 8,
                [
                    "serving": figures(2.25, peak: 3, hours: 9), "failed": figures(0.5, peak: 1, hours: 2),
                    "transitional": figures(0.25, peak: 1, hours: 1),
                ], (0, 0))
            // 8–10: failed 8–9, gone from then on.
            let third = step(
                8, 10, ["serving": figures(2, peak: 2, hours: 4), "failed": figures(0.5, peak: 1, hours: 1)], (0, 1))
            #expect(try await steps(service, 0, 10, "&step=4h") == [first, second, third])
            let answer = try await service.capacity(0, 10 * Past.hour, "&step=4h")
            #expect(answer["step_s"] == 14_400)
            #expect(answer["by"] == "fleet")
        }
    }

    @Test("Server-hours over all steps are the time in state of the window, however it is cut")
    func stepsAddUp() async throws {
        try await TestService.with { service in
            try await service.append(fleet())
            // Serving 5 + 5 + 8, failed 3, in creation 2, unobserved 3 + 1.5.
            let expected = ["serving": 18, "failed": 3, "transitional": 2, "unobserved": 4.5]
            for (step, count) in [("", 1), ("&step=15m", 40), ("&step=3h", 4), ("&step=10h", 1), ("&step=7d", 1)] {
                let steps = try await steps(service, 0, 10, step)
                #expect(steps.count == count, "\(step)")
                #expect(steps.last?["until"] == .string(Past.text(10 * Past.hour)), "\(step)")
                for (name, hours) in expected {
                    let sum = steps.compactMap { $0.at("classes.\(name).server_hours")?.number }.reduce(0, +)
                    #expect(abs(sum - hours) < 1e-9, "\(name) \(step)")
                }
                #expect(steps.compactMap { $0["created"]?.int }.reduce(0, +) == 3, "\(step)")
                #expect(steps.compactMap { $0["removed"]?.int }.reduce(0, +) == 1, "\(step)")
            }
        }
    }

    @Test("Servers that hand over to one another at a moment are never there at once")
    func peaks() async throws {
        try await TestService.with { service in
            try await service.append(
                life(1, ["active": 0, "error": 4]) + life(2, ["creating": 0, "active": 4])
                    + life(3, ["creating": 0, "active": 6, "error": 6.25, "active": 6.5]))
            // The whole window, and steps that begin at the handover.
            let whole = try await steps(service, 0, 5)
            #expect(whole[0].at("classes.serving.peak") == 1)
            #expect(whole[0].at("classes.transitional.peak") == 2)
            let halves = try await steps(service, 0, 8, "&step=4h")
            #expect(halves.map { $0.at("classes.serving.peak") } == [1, 2])
            #expect(halves.map { $0.at("classes.transitional.peak") } == [2, 1])
            // A quarter of an hour counts in the peak, and by its length in the mean: 1 and 3 failed, (4 + 0.25) / 4.
            #expect(halves[1].at("classes.failed.peak") == 2)
            #expect(halves[1].at("classes.failed.mean") == 1.0625)
        }
    }

    @Test("A server comes when Manila says that it was created, else when it is first seen on its way in; and goes")
    func turnover() async throws {
        try await TestService.with { service in
            try await service.append(
                // Created in the window, and first seen later; told late; seen in creation, or being managed, or in
                // use.
                life(1, ["active": 20], Past.created(4 * Past.hour)) + life(2, ["creating": 1]) + life(3, ["active": 1])
                    + life(4, ["manage_starting": 2, "active": 3])
                    // Created long before, and seen in creation only now.
                    + life(5, ["creating": 4], Past.created(-10 * Past.hour))
                    // Gone, back and gone again.
                    + life(6, ["active": -1, "absent": 1, "active": 2, "absent": 9])
                    // On the edges: of the window that begins then.
                    + life(7, ["creating": 0]) + life(8, ["creating": 10]) + life(9, ["active": -1, "absent": 10]))
            let steps = try await steps(service, 0, 10, "&step=5h")
            // 2, 4 and 7, and 1; then 6 alone, twice.
            #expect(steps.map { $0["created"] } == [4, 0])
            #expect(steps.map { $0["removed"] } == [1, 1])
            let next = try await self.steps(service, 10, 11)
            #expect(next.map { $0["created"] } == [1])
            #expect(next.map { $0["removed"] } == [1])
        }
    }

    // MARK: - Groups

    @Test("Servers are told apart by what is asked for; one that moves is on each host for the time that it was there")
    func groups() async throws {
        try await TestService.with { service in
            let first: [String: JSON] = ["host": "a", "project_id": "p", "share_network_id": "m"]
            let second: [String: JSON] = ["host": "b", "project_id": "q", "share_network_id": "m"]
            try await service.append(
                life(1, ["active": 0], first) + life(2, ["active": 0, "error": 5], second) + life(3, ["active": 0])
                    + life(4, ["active": 0, "server_migrating": 4], first) + life(4, ["active": 6], second))
            /// Serving hours in steps of five, by group.
            func hours(_ more: String) async throws -> [JSON: [Double]] {
                var hours: [JSON: [Double]] = [:]
                for step in try await steps(service, 0, 10, "&step=5h\(more)") {
                    let served = step.at("classes.serving.server_hours")?.number ?? 0
                    hours[step["group"] ?? "missing", default: []].append(served)
                }
                return hours
            }
            #expect(try await hours("&by=host") == ["a": [9, 5], "b": [5, 4], .null: [5, 5]])
            #expect(try await hours("&by=project") == ["p": [9, 5], "q": [5, 4], .null: [5, 5]])
            #expect(try await hours("&by=share_network") == ["m": [14, 9], .null: [5, 5]])
            #expect(try await hours("&by=fleet") == ["fleet": [19, 14]])
            #expect(try await hours("&host=b") == ["fleet": [5, 4]])
            #expect(try await hours("&by=host&project_id=p") == ["a": [9, 5]])
            #expect(try await hours("&share_network_id=m&host=a") == ["fleet": [9, 5]])
            #expect(try await hours("&host=c") == [:])
        }
    }

    // MARK: - Little to tell, and too much

    @Test("An empty log has no steps")
    func emptyLog() async throws {
        try await TestService.with { service in
            #expect(try await steps(service, 0, 10, "&step=1h") == [])
            try await service.append([Past.call(1, "delete", 404, at: 60)])
            #expect(try await steps(service, 0, 10, "&step=1h") == [])
        }
    }

    @Test("While nobody watches, servers are unobserved and in no other class")
    func unobserved() async throws {
        try await TestService.with { service in
            try await service.append(
                [Past.coverage("/poller", "started", at: 0), Past.coverage("/poller", "stopped", at: 3 * Past.hour)]
                    + life(1, ["active": 0]) + life(2, ["active": 1, "absent": 2], Past.created(0)))
            let steps = try await steps(service, 0, 4, "&step=2h")
            #expect(
                steps.map { $0["classes"] } == [
                    ["serving": figures(1.5, peak: 2, hours: 3), "unobserved": figures(0.5, peak: 1, hours: 1)],
                    ["serving": figures(0.5, peak: 1, hours: 1), "unobserved": figures(0.5, peak: 1, hours: 1)],
                ])
        }
    }

    @Test("The last step ends with what is known")
    func untilNow() async throws {
        try await TestService.with { service in
            try await service.append(life(1, ["active": 0]))
            let uri = "/v1/metrics/capacity?from=\(Past.text(0))&until=2999-01-01T00:00:00Z&step=365d"
            let answer = try await service.good(uri)
            let steps = try #require(answer["steps"]?.array)
            #expect(answer.at("window.is_clipped") == true)
            #expect(answer.at("window.until") == answer.at("as_of.time"))
            #expect(steps.last?["until"] == answer.at("window.until"))
            #expect(steps.allSatisfy { $0.at("classes.serving.mean") == 1 })
            // As many steps of a year as began by then, each but the last of 8,760 hours.
            let length = try #require(answer.at("window.length_s")?.number)
            #expect(steps.count == Int((length / (365 * 86_400)).rounded(.up)))
            #expect(steps.dropLast().allSatisfy { $0.at("classes.serving.server_hours") == 8760 })
        }
    }

    @Test("A window may have a thousand steps, and no more")
    func tooManySteps() async throws {
        try await TestService.with { service in
            try await service.append([Past.status(1, "active", at: 0)])
            #expect(try await service.capacity(0, 1000, "&step=1s")["steps"]?.array?.count == 1000)
            #expect(try await service.capacity(0, 999.5, "&step=1s")["steps"]?.array?.count == 1000)
            for (until, step) in [(1000.000001, "1s"), (1001, "1s"), (60_001, "1m"), (1e9, "1s")] {
                let answer = try await service.get("/v1/metrics/capacity?\(Past.window(0, until))&step=\(step)")
                #expect(answer.isProblem(400, parameter: "step"), "\(until) by \(step): \(answer)")
            }
        }
    }

    @Test(
        "What cannot be answered is refused",
        arguments: [
            ("step=0s", "step"), ("step=-1h", "step"), ("step=1.5h", "step"), ("step=h", "step"), ("step=3600", "step"),
            ("step=1w", "step"), ("step=99999999999999999d", "step"), ("by=server", "by"), ("limit=5", "limit"),
            ("server_id=10000000-0000-4000-8000-000000000001", "server_id"), ("known_at=x", "known_at"),
        ])
    func refusals(query: String, parameter: String) async throws {
        try await TestService.with { service in
            let answer = try await service.get("/v1/metrics/capacity?\(Past.window(0, 100))&\(query)")
            #expect(answer.isProblem(400, parameter: parameter), "\(answer)")
        }
    }
}

extension TestService {
    /// The answer of capacity for a window of `Past`. It rests on time in state, which must be whole.
    func capacity(
        _ from: Double, _ until: Double, _ more: String = "", _ sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSON {
        _ = try await timeInState(from, until, sourceLocation: sourceLocation)
        return try await good("/v1/metrics/capacity?\(Past.window(from, until))\(more)", sourceLocation: sourceLocation)
    }
}
