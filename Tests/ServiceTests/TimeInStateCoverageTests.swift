import DatabaseTesting
import Postgres
import ShareServers
import Testing

/// `GET /v1/metrics/time-in-state`: what nobody saw, and when there was nothing to see.
@Suite(.log) struct TimeInStateCoverageTests {
    /// The seconds of the fleet, from 0 to 100.
    private func seconds(_ service: TestService, sourceLocation: SourceLocation = #_sourceLocation) async throws
        -> [String: Double]
    {
        try await service.timeInState(0, 100, sourceLocation: sourceLocation).group()?.seconds ?? [:]
    }

    @Test("Before its first sighting a server is unobserved, and before its creation it is absent")
    func beforeTheFirstSighting() async throws {
        try await TestService.with { service in
            // 1 does not say when it was created, 2 was created at 20, 3 before the window, 4, by Manila's clock,
            // after it was seen already, and 5 after the window; 6 tells it late.
            try await service.append(
                Past.life(1, ["active": 40]) + Past.life(2, ["active": 50], Past.created(20))
                    + Past.life(3, ["active": 60], Past.created(-1000))
                    + Past.life(4, ["active": 70], Past.created(80))
                    + Past.life(5, ["active": 900], Past.created(800)))
            try await service.append([
                Past.status(6, "active", at: 90), Past.status(6, "active", at: 95, Past.created(85.25)),
            ])
            let servers = try await service.timeInState(0, 100, "&by=server")
            let expected: [[String: Double]] = [
                ["unobserved": 40, "active": 60], ["absent": 20, "unobserved": 30, "active": 50],
                ["unobserved": 60, "active": 40], ["absent": 70, "active": 30], [:],
                ["absent": 85.25, "unobserved": 4.75, "active": 10],
            ]
            for (number, seconds) in zip(1..., expected) {
                let group = servers.group(.string(Sample.server(number).lower))
                #expect(group?.seconds ?? [:] == seconds, "server \(number)")
            }
            // Absent all the time, 5 is in no group.
            let fleet = try #require(try await service.timeInState(0, 100).group())
            #expect(fleet["servers"] == 5)
            // Of 500, absent 20 + 70 + 85.25 = 175.25, unobserved 40 + 30 + 60 + 4.75 = 134.75, active 190.
            #expect(fleet.seconds == ["absent": 175.25, "unobserved": 134.75, "active": 190])
            #expect(fleet["observed_share"] == .number(190 / 324.75))
            #expect(fleet.status("active")?["share"] == .number(190 / 324.75))
        }
    }

    @Test("A server that has gone is absent, until it is seen again")
    func afterTheEnd() async throws {
        try await TestService.with { service in
            try await service.append(Past.life(1, ["active": -10, "deleting": 20, "absent": 30, "error": 90]))
            let group = try #require(try await service.timeInState(0, 100).group())
            #expect(group.seconds == ["active": 20, "deleting": 10, "absent": 60, "error": 10])
            #expect(group["statuses"]?.column("status") == ["active", "deleting", "error"])
            // Of the 40 seconds for which it was there.
            #expect(group.status("active")?["share"] == 0.5)
            // While it was gone it is in no group; the window that ends with its return neither.
            for (from, until) in [(30.0, 90.0), (40, 50)] {
                #expect(try await service.timeInState(from, until)["groups"] == [])
            }
            #expect(try await service.timeInState(30, 91).group()?.seconds == ["absent": 60, "error": 1])
        }
    }

    @Test("While its source was not watching, a server is unobserved, whatever it was last seen in")
    func runs() async throws {
        try await TestService.with { service in
            try await service.append([
                Past.coverage("/poller", "started", at: 10), Past.coverage("/poller", "alive", at: 30),
                Past.status(1, "active", at: 15), Past.status(1, "error", at: 60),
                // Killed after 35; started again at 50, stopped at 70, and alive from 90 on without having said
                // 'started'.
                Past.coverage("/poller", "alive", at: 35), Past.coverage("/poller", "started", at: 50),
                Past.coverage("/poller", "stopped", at: 70), Past.coverage("/poller", "alive", at: 90),
                Past.coverage("/poller", "alive", at: 97),
            ])
            // Watching: 10–35, 50–70, 90–97. Active 15–60: 20 + 10 = 30. Error from 60: 10 + 7 = 17.
            // Unobserved: 0–15, 35–50, 70–90, 97–100: 15 + 15 + 20 + 3 = 53.
            #expect(try await seconds(service) == ["active": 30, "error": 17, "unobserved": 53])
            let group = try #require(try await service.timeInState(0, 100).group())
            #expect(group["observed_share"] == 0.47)
            // A visit keeps its length: from when it was seen to begin to when it was seen to end.
            #expect(group.status("active")?["mean_s"] == 45)
            #expect(try await service.timeInState(70, 90).group()?.seconds == ["unobserved": 20])
            #expect(try await service.timeInState(36, 51).group()?.seconds == ["unobserved": 14, "active": 1])
        }
    }

    @Test("A gap that a source found is taken out of its watching")
    func gaps() async throws {
        try await TestService.with { service in
            try await service.append([
                Past.coverage("/poller", "started", at: 0), Past.status(1, "active", at: 0),
                Past.coverage("/poller", "gap", at: 45, gap: (20, 40)),
                // The one overlaps the other, and a third is of no length.
                Past.coverage("/poller", "gap", at: 75, gap: (30, 50)),
                Past.coverage("/poller", "gap", at: 76, gap: (70, 70)), Past.coverage("/poller", "alive", at: 200),
            ])
            #expect(try await seconds(service) == ["active": 70, "unobserved": 30])
            // Told late, and of a time long past.
            try await service.append([Past.coverage("/poller", "gap", at: 190, gap: (5, 10))])
            #expect(try await seconds(service) == ["active": 65, "unobserved": 35])
        }
    }

    @Test("A server is observed while any of the sources that told its status watches")
    func severalSources() async throws {
        try await TestService.with { service in
            try await service.append([
                Past.coverage("/poller", "started", at: 0), Past.coverage("/poller", "stopped", at: 50),
                Past.coverage("/other", "started", at: 40), Past.coverage("/other", "stopped", at: 80),
                // Never told a status: its watching says nothing of servers.
                Past.coverage("/gateway", "started", at: 0), Past.coverage("/gateway", "stopped", at: 100),
                Past.status(1, "active", at: 0), Past.status(1, "active", at: 45, by: "/other"),
                Past.status(2, "active", at: 0), Past.call(2, "show", 200, at: 90),
                // '/push' never said anything of its watching, and is taken to have watched always.
                Past.status(3, "active", at: 0), Past.status(3, "active", at: 10, by: "/push"),
            ])
            let servers = try await service.timeInState(0, 100, "&by=server")
            let expected: [[String: Double]] = [
                ["active": 80, "unobserved": 20], ["active": 50, "unobserved": 50], ["active": 100],
            ]
            for (number, seconds) in zip(1..., expected) {
                let group = servers.group(.string(Sample.server(number).lower))
                #expect(group?.seconds == seconds, "server \(number)")
            }
            #expect(try await seconds(service) == ["active": 230, "unobserved": 70])
        }
    }

    @Test("A server that has gone, or was not created yet, is absent also while nobody watches")
    func absentUnwatched() async throws {
        try await TestService.with { service in
            try await service.append(
                [Past.coverage("/poller", "started", at: 30), Past.coverage("/poller", "stopped", at: 60)]
                    + Past.life(1, ["active": 35, "absent": 50], Past.created(20)))
            // Absent: 0–20 and from 50; unobserved: 20–35.
            #expect(try await seconds(service) == ["absent": 70, "unobserved": 15, "active": 15])
        }
    }

    // MARK: - Little to tell

    @Test("An empty log has no groups", arguments: ["server", "host", "project", "share_network", "fleet"])
    func emptyLog(by: String) async throws {
        try await TestService.with { service in
            let answer = try await service.timeInState(0, 100, "&by=\(by)")
            #expect(answer["groups"] == [])
            #expect(answer["by"] == .string(by))
            #expect(answer["next_cursor"] == .null)
        }
    }

    @Test("In a window before everything, servers are unobserved, and absent if they were created later")
    func beforeEverything() async throws {
        try await TestService.with { service in
            try await service.append(
                Past.life(1, ["active": 500]) + Past.life(2, ["active": 500], Past.created(400))
                    + Past.life(3, ["active": 500], Past.created(60)))
            let group = try #require(try await service.timeInState(0, 100).group())
            // 1 for all of it, 3 from 60 on; 2 was not there at all.
            #expect(group["servers"] == 2)
            #expect(group.seconds == ["unobserved": 140, "absent": 60])
            #expect(group["statuses"] == [])
            #expect(group["observed_share"] == 0)
        }
    }

    @Test("A server that calls alone have named has never been seen, and does not count")
    func callsAlone() async throws {
        try await TestService.with { service in
            try await service.append([Past.call(1, "delete", 404, at: 10), Past.status(2, "active", at: 20)])
            let fleet = try #require(try await service.timeInState(0, 100).group())
            #expect(fleet["servers"] == 1)
            #expect(fleet.seconds == ["unobserved": 20, "active": 80])
            #expect(try await service.timeInState(0, 100, "&server_id=\(Sample.server(1).lower)")["groups"] == [])
        }
    }

    @Test("A window that begins after now has no length, and nobody in it")
    func afterNow() async throws {
        try await TestService.with { service in
            try await service.append(Past.life(1, ["active": 0]))
            let uri = "/v1/metrics/time-in-state?from=2999-01-01T00:00:00Z&until=2999-01-02T00:00:00Z"
            let answer = try await service.good(uri)
            #expect(answer["groups"] == [])
            #expect(answer.at("window.length_s") == 0)
            #expect(answer.at("window.is_clipped") == true)
            service.expectWhole(answer)
        }
    }
}
