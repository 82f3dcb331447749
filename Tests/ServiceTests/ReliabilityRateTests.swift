import DatabaseTesting
import Postgres
import ShareServers
import Testing

/// `GET /v1/metrics/reliability`: MTBF, availability, what came of creations, and groups.
@Suite(.log) struct ReliabilityRateTests {
    @Test("MTBF is the serving time of all servers by their failures, with its chi-square bounds")
    func meanTimeBetweenFailures() async throws {
        try await TestService.with { service in
            // Serving of 10,000 s: 1 all, 2 9,000, 3 5,000 + 3,000, 4 9,000, seen from 1,000 on: 36,000; 3 failures.
            try await service.append(
                Past.life(1, ["active": 0]) + Past.life(2, ["active": 0, "error": 4000, "active": 5000])
                    + Past.life(3, ["active": 0, "error": 5000, "active": 6000, "error": 9000])
                    + Past.life(4, ["active": 1000]))
            func bounds(_ until: Double, _ more: String = "") async throws -> JSON {
                let answer = try await service.reliability(0, until, more)
                return try #require(answer.group()?["mtbf"])
            }
            // Source: SciPy 1.17.1, T = 36000, r = 3, α = 0.1 and 0.05:
            // 2*T/chi2.ppf(1-α/2, 2*r+2), 2*T/chi2.ppf(α/2, 2*r)
            let usual = try await bounds(10_000)
            #expect(usual["estimate_s"] == 12_000)
            #expect(usual["lower_s"]?.isClose(to: 4642.9706900620595) == true, "\(usual)")
            #expect(usual["upper_s"]?.isClose(to: 44026.38687840125) == true, "\(usual)")
            let sure = try await bounds(10_000, "&confidence=0.95")
            #expect(sure["estimate_s"] == 12_000)
            #expect(sure["lower_s"]?.isClose(to: 4106.1798478985975) == true, "\(sure)")
            #expect(sure["upper_s"]?.isClose(to: 58189.141982844536) == true, "\(sure)")
            // Up to the first failure: T = 4 × 4,000 - 1,000 = 15,000, r = 0. Source: T / -ln α: 15000/-log(0.1),
            // 15000/-log(0.05) in Python.
            let none = try await bounds(4000)
            #expect(none["estimate_s"] == .null)
            #expect(none["upper_s"] == .null)
            #expect(none["lower_s"]?.isClose(to: 6514.417228548777) == true, "\(none)")
            let surer = try await bounds(4000, "&confidence=0.95")
            #expect(surer["lower_s"]?.isClose(to: 5007.123010430011) == true, "\(surer)")
        }
    }

    @Test(
        "What is moving or being changed counts as asked for, and the answer says how",
        arguments: [
            // Of 300: serving 80 + 40 + 80 = 200, moving 20 + 10 + 20 = 50, failed 50.
            (nil, "down", 200, 300), ("down", "down", 200, 300), ("up", "up", 250, 300),
            ("excluded", "excluded", 200, 250),
        ] as [(String?, String, Double, Double)])
    func migrating(asked: String?, stated: String, serving: Double, observed: Double) async throws {
        try await TestService.with { service in
            try await service.append(
                Past.life(1, ["active": 0, "server_migrating": 50, "active": 70])
                    + Past.life(2, ["active": 0, "network_change": 40, "error": 50])
                    + Past.life(3, ["server_migrating_to": 0, "active": 20]))
            let answer = try await service.reliability(0, 100, asked.map { "&migrating=\($0)" } ?? "")
            #expect(answer["migrating"] == .string(stated))
            #expect(answer["confidence"] == 0.9)
            let group = try #require(answer.group())
            #expect(group["serving_s"] == .number(serving))
            #expect(group["observed_s"] == .number(observed))
            #expect(group["availability"] == .number(serving / observed))
            // One failure, so that MTBF is the serving time; all was seen, whatever it counts as.
            #expect(group.at("mtbf.estimate_s") == .number(serving))
            #expect(group["observed_share"] == 1)
        }
    }

    @Test("Availability is of the time that was observed, neither absent nor unobserved")
    func availability() async throws {
        try await TestService.with { service in
            try await service.append(
                [Past.coverage("/poller", "started", at: 0), Past.coverage("/poller", "stopped", at: 90)]
                    + Past.life(1, ["active": 0, "error": 60]) + Past.life(2, ["active": 30], Past.created(20))
                    + Past.life(3, ["active": 0, "deleting": 40, "absent": 50]))
            let group = try #require(try await service.reliability(0, 100).group())
            // Until 90: 1 active 60, error 30; 2 active 60; 3 active 40, deleting 10. Serving 160 of 200.
            #expect(group["servers"] == 3)
            #expect(group["serving_s"] == 160)
            #expect(group["observed_s"] == 200)
            #expect(group["availability"] == 0.8)
            // Absent: 2 for 20, 3 for 50; unobserved: 1 for 10, 2 for 10 + 10. Seen 200 of 230.
            #expect(group["observed_share"] == .number(200.0 / 230))
            // Where nobody watched there is none.
            let unseen = try #require(try await service.reliability(92, 100).group())
            #expect(unseen["availability"] == .null)
            #expect(unseen["observed_share"] == 0)
        }
    }

    @Test("Creations that began in the window compete for being served, failing and going away")
    func creations() async throws {
        try await TestService.with { service in
            try await service.append(
                Past.life(1, ["creating": 10, "active": 20]) + Past.life(2, ["creating": 10, "error": 30])
                    + Past.life(3, ["creating": 10, "absent": 15]) + Past.life(4, ["creating": 190])
                    + Past.life(5, ["creating": 100, "server_migrating_to": 140])
                    // Began before the window, and no creation.
                    + Past.life(6, ["creating": -10, "active": 50])
                    + Past.life(7, ["manage_starting": 10, "active": 20])
                    + Past.life(8, ["creating": 100, "active": 130, "error": 150]))
            let creations = try #require(try await service.reliability(0, 200).group()?["creations"])
            let counts = ["n", "serving", "failed", "absent", "open"].map { creations[$0] }
            #expect(counts == [6, 2, 1, 1, 1])
            // Ages: absent 5, serving 10, open 10, failed 20, serving 30, something else 40.
            // Kaplan-Meier of serving: at 10 of 5, S = 4/5; at 30 of 2, S = 2/5: the median.
            #expect(creations["median_km_s"] == 30)
            // Aalen-Johansen: absent 1/6, S = 5/6; serving 5/6 × 1/5 = 1/6, S = 4/6; failed 4/6 × 1/3 = 2/9, S = 4/9;
            // serving 4/9 × 1/2 = 2/9 more.
            #expect(creations.at("incidence.absent")?.isClose(to: 1.0 / 6) == true, "\(creations)")
            #expect(creations.at("incidence.serving")?.isClose(to: 1.0 / 6 + 2.0 / 9) == true, "\(creations)")
            #expect(creations.at("incidence.failed")?.isClose(to: 2.0 / 9) == true, "\(creations)")
            // Before 20, 3 has gone, and 1 and 2 are being created still.
            let early = try #require(try await service.reliability(10, 20).group()?["creations"])
            #expect(["n", "serving", "failed", "absent", "open"].map { early[$0] } == [3, 0, 0, 1, 2])
            #expect(early["median_km_s"] == .null)
            let none = try #require(try await service.reliability(60, 90).group()?["creations"])
            #expect(none["n"] == 0)
            #expect(none["incidence"] == .null)
        }
    }

    // MARK: - Groups

    private func hosts() throws -> [Event] {
        func at(_ host: String, _ project: String, _ network: String) -> [String: JSON] {
            ["host": .string(host), "project_id": .string(project), "share_network_id": .string(network)]
        }
        return try Past.life(1, ["active": 0, "error": 50, "active": 80], at("a", "p", "m"))
            + Past.life(2, ["active": 0], at("a", "q", "n"))
            + Past.life(3, ["creating": 0, "active": 10, "error": 90], at("b", "p", "n"))
            + Past.life(4, ["active": 0, "error": 10, "absent": 30])
    }

    @Test("Failures, creations and times are told apart by group")
    func groups() async throws {
        try await TestService.with { service in
            try await service.append(hosts())
            // By group: its name, failures, restored, gone, open, serving time, creations.
            let expected: [(by: String, rows: [[JSON]])] = [
                ("host", [["a", 1, 1, 0, 0, 170, 0], ["b", 1, 0, 0, 1, 80, 1], [.null, 1, 0, 1, 0, 10, 0]]),
                ("project", [["p", 2, 1, 0, 1, 150, 1], ["q", 0, 0, 0, 0, 100, 0], [.null, 1, 0, 1, 0, 10, 0]]),
                (
                    "share_network",
                    [["m", 1, 1, 0, 0, 70, 0], ["n", 1, 0, 0, 1, 180, 1], [.null, 1, 0, 1, 0, 10, 0]]
                ),
                (
                    "server",
                    [
                        [.string(Sample.server(1).lower), 1, 1, 0, 0, 70, 0],
                        [.string(Sample.server(2).lower), 0, 0, 0, 0, 100, 0],
                        [.string(Sample.server(3).lower), 1, 0, 0, 1, 80, 1],
                        [.string(Sample.server(4).lower), 1, 0, 1, 0, 10, 0],
                    ]
                ), ("fleet", [["fleet", 3, 1, 1, 1, 260, 1]]),
            ]
            let members = [
                "group", "failures", "time_to_restore.restored", "time_to_restore.gone", "time_to_restore.open",
                "serving_s", "creations.n",
            ]
            for (by, rows) in expected {
                let groups = try #require(try await service.reliability(0, 100, "&by=\(by)")["groups"]?.array)
                #expect(groups.map { group in members.map { group.at($0) ?? "missing" } } == rows, "by \(by)")
                // Page by page the same.
                let uri = "/v1/metrics/reliability?\(Past.window(0, 100))&by=\(by)&limit=1"
                #expect(try await service.pages(uri, of: "groups").map { $0.first } == groups, "by \(by)")
            }
        }
    }

    @Test("A question may be about some of the servers only")
    func filters() async throws {
        try await TestService.with { service in
            try await service.append(hosts())
            let expected: [(filter: String, failures: JSON, serving: JSON)] = [
                ("host=a", 1, 170), ("project_id=p", 2, 150), ("share_network_id=n", 1, 180),
                ("project_id=p&host=b", 1, 80), ("server_id=\(Sample.server(4).lower)", 1, 10),
            ]
            for (filter, failures, serving) in expected {
                let group = try #require(try await service.reliability(0, 100, "&\(filter)").group())
                #expect(group["failures"] == failures, "\(filter)")
                #expect(group.at("time_to_restore.n") == failures, "\(filter)")
                #expect(group["serving_s"] == serving, "\(filter)")
            }
            #expect(try await service.reliability(0, 100, "&host=c")["groups"] == [])
        }
    }

    @Test("A failure belongs to the host on which it came, wherever the server was restored")
    func moves() async throws {
        try await TestService.with { service in
            try await service.append([
                Past.status(1, "active", at: 0, ["host": "a"]), Past.status(1, "error", at: 40),
                Past.status(1, "active", at: 60, ["host": "b"]),
            ])
            let answer = try await service.reliability(0, 100, "&by=host")
            let (a, b) = (answer.group("a"), answer.group("b"))
            #expect(a?["failures"] == 1)
            #expect(a?.at("time_to_restore.mean_s") == 20)
            #expect(a?["serving_s"] == 40)
            #expect(a?["observed_s"] == 60)
            #expect(b?["failures"] == 0)
            #expect(b?["serving_s"] == 40)
            #expect(b?["availability"] == 1)
        }
    }
}
