import DatabaseTesting
import Postgres
import ShareServers
import Testing

/// `GET /v1/metrics/time-in-state`: groups of servers, and pages of groups.
@Suite(.log) struct TimeInStateGroupTests {
    /// Five servers in a window from 0 to 100, all there from its beginning.
    ///
    ///     1   host a, project p, network m    active
    ///     2   host a, project q, network m    active, error from 60
    ///     3   host b, project p, network n    error
    ///     4   host b, project q, network n    active, gone from 30
    ///     5   none of them                    active
    private func fleet() throws -> [Event] {
        func at(_ host: String, _ project: String, _ network: String) -> [String: JSON] {
            ["host": .string(host), "project_id": .string(project), "share_network_id": .string(network)]
        }
        return try Past.life(1, ["active": 0], at("a", "p", "m"))
            + Past.life(2, ["active": 0, "error": 60], at("a", "q", "m"))
            + Past.life(3, ["error": 0], at("b", "p", "n"))
            + Past.life(4, ["active": 0, "absent": 30], at("b", "q", "n")) + Past.life(5, ["active": 0])
    }

    private func groups(_ answer: JSON) -> [[String: Double]] { (answer["groups"]?.array ?? []).map(\.seconds) }

    @Test("Servers are told apart by what is asked for; those of which it was not told come last")
    func groupings() async throws {
        try await TestService.with { service in
            try await service.append(fleet())
            let expected: [(by: String, groups: [JSON], servers: [JSON], seconds: [[String: Double]])] = [
                (
                    "host", ["a", "b", .null], [2, 2, 1],
                    [["active": 160, "error": 40], ["active": 30, "error": 100, "absent": 70], ["active": 100]]
                ),
                (
                    "project", ["p", "q", .null], [2, 2, 1],
                    [["active": 100, "error": 100], ["active": 90, "error": 40, "absent": 70], ["active": 100]]
                ),
                (
                    "share_network", ["m", "n", .null], [2, 2, 1],
                    [["active": 160, "error": 40], ["active": 30, "error": 100, "absent": 70], ["active": 100]]
                ),
                (
                    "server", (1...5).map { .string(Sample.server($0).lower) }, [1, 1, 1, 1, 1],
                    [
                        ["active": 100], ["active": 60, "error": 40], ["error": 100], ["active": 30, "absent": 70],
                        ["active": 100],
                    ]
                ), ("fleet", ["fleet"], [5], [["active": 290, "error": 140, "absent": 70]]),
            ]
            for (by, names, servers, seconds) in expected {
                let answer = try await service.timeInState(0, 100, "&by=\(by)")
                #expect(answer["by"] == .string(by))
                #expect(answer["groups"]?.column("group") == names)
                #expect(answer["groups"]?.column("servers") == servers)
                #expect(groups(answer) == seconds, "by \(by)")
            }
            #expect(try await service.timeInState(0, 100)["by"] == "fleet")
        }
    }

    @Test("A question may be about some of the servers only")
    func filters() async throws {
        try await TestService.with { service in
            try await service.append(fleet())
            let expected: [(String, [String: Double]?)] = [
                ("host=a", ["active": 160, "error": 40]),
                ("project_id=p", ["active": 100, "error": 100]),
                ("share_network_id=n", ["active": 30, "error": 100, "absent": 70]),
                ("host=b&project_id=p", ["error": 100]),
                ("server_id=\(Sample.server(4).lower)", ["active": 30, "absent": 70]),
                ("server_id=\(Sample.server(4).lower)&host=a", nil), ("host=c", nil),
                ("server_id=\(Sample.server(9).lower)", nil),
            ]
            for (filter, seconds) in expected {
                let answer = try await service.timeInState(0, 100, "&\(filter)")
                #expect(answer.group()?.seconds == seconds, "\(filter)")
            }
            let byHost = try await service.timeInState(0, 100, "&by=host&project_id=q")
            #expect(byHost["groups"]?.column("group") == ["a", "b"])
            #expect(groups(byHost) == [["active": 60, "error": 40], ["active": 30, "absent": 70]])
        }
    }

    @Test("A server that moves counts on each host for the time that it was there, and once in the fleet")
    func moves() async throws {
        try await TestService.with { service in
            try await service.append([
                Past.status(1, "active", at: -50, ["host": "a"]),
                Past.status(1, "server_migrating", at: 40, ["host": "a"]),
                Past.status(1, "active", at: 60, ["host": "b"]), Past.status(2, "active", at: 0, ["host": "b"]),
            ])
            let answer = try await service.timeInState(0, 100, "&by=host")
            #expect(answer["groups"]?.column("group") == ["a", "b"])
            #expect(answer["groups"]?.column("servers") == [1, 2])
            // a: until 60, then elsewhere for 40. b: 40 and 100; elsewhere for 60.
            #expect(
                groups(answer) == [
                    ["active": 40, "server_migrating": 20, "absent": 40], ["active": 140, "absent": 60],
                ])
            #expect(answer.group("a")?["observed_share"] == 1)
            #expect(answer.group("a")?.status("active")?["share"] == .number(40.0 / 60))
            let fleet = try #require(try await service.timeInState(0, 100).group())
            #expect(fleet["servers"] == 2)
            #expect(fleet.seconds == ["active": 180, "server_migrating": 20])
            #expect(try await service.timeInState(0, 100, "&host=a").group()?.seconds == groups(answer)[0])
        }
    }

    /// The document says so: a visit is not divided.
    @Test("A server that moves while its status stays counts where it was when the visit ended")
    func movesWithinAVisit() async throws {
        try await TestService.with { service in
            try await service.append([
                Past.status(1, "active", at: 0, ["host": "a"]), Past.status(1, "active", at: 30, ["host": "b"]),
                Past.status(1, "error", at: 80, ["host": "b"]),
            ])
            // At 20 it was on a: so `/v1/servers` has it.
            let then = try await service.good("/v1/servers?at=\(Past.text(20))&host=a")
            #expect(then["servers"]?.column("id") == [.string(Sample.server(1).lower)])
            let answer = try await service.timeInState(0, 100, "&by=host")
            #expect(answer.group("a") == nil)
            #expect(answer.group("b")?.seconds == ["active": 80, "error": 20])
        }
    }

    // MARK: - Pages

    @Test("Pages have every group once, those without a name at the end", arguments: [1, 2, 3, 5, 1000])
    func pages(limit: Int) async throws {
        try await TestService.with { service in
            try await service.append(fleet())
            for (by, count) in [("server", 5), ("host", 3), ("fleet", 1)] {
                let whole = try #require(try await service.timeInState(0, 100, "&by=\(by)")["groups"]?.array)
                #expect(whole.count == count)
                let uri = "/v1/metrics/time-in-state?\(Past.window(0, 100))&by=\(by)&limit=\(limit)"
                let pages = try await service.pages(uri, of: "groups")
                #expect(pages.map(\.count) == stride(from: 0, to: count, by: limit).map { min(limit, count - $0) })
                #expect(Array(pages.joined()) == whole, "by \(by)")
                let window = try #require(try await service.timeInState(0, 100)["window"])
                service.expectWhole(["window": window, "groups": .array(Array(pages.joined()))])
            }
        }
    }

    @Test("The next page keeps the filters and the window")
    func pagesKeepFilters() async throws {
        try await TestService.with { service in
            try await service.append(fleet())
            let uri = "/v1/metrics/time-in-state?\(Past.window(20, 100))&by=server&project_id=q&limit=1"
            let pages = try await service.pages(uri, of: "groups")
            #expect(
                pages.map { $0.map(\.seconds) } == [[["active": 40, "error": 40]], [["active": 10, "absent": 70]]])
            for page in pages { #expect(page[0]["window_s"] == 80) }
            let window = try #require(try await service.timeInState(20, 100)["window"])
            service.expectWhole(["window": window, "groups": .array(Array(pages.joined()))])
        }
    }

    @Test(
        "What cannot be answered is refused",
        arguments: [
            ("by=day", "by"), ("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=x", "cursor"),
            ("known_at=-1", "known_at"), ("known_at=0:1,1:1", "known_at"), ("server_id=x", "server_id"),
            ("step=1h", "step"),
        ])
    func refusals(query: String, parameter: String) async throws {
        try await TestService.with { service in
            let uri = "/v1/metrics/time-in-state?\(Past.window(0, 100))&\(query)"
            let answer = try await service.get(uri)
            #expect(answer.isProblem(400, parameter: parameter), "\(answer)")
        }
    }

    @Test("A window must end after it begins")
    func noWindow() async throws {
        try await TestService.with { service in
            for (from, until) in [(100.0, 100.0), (100, 0)] {
                let answer = try await service.get("/v1/metrics/time-in-state?\(Past.window(from, until))")
                #expect(answer.isProblem(400, parameter: "from"))
            }
        }
    }
}
