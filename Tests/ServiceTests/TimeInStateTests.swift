import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Testing

/// `GET /v1/metrics/time-in-state`: visits, and the figures made of them.
@Suite(.log) struct TimeInStateTests {
    /// Four servers, created when they were first seen.
    ///
    ///     1   creating 60 … 130, active from 130
    ///     2   creating 110 … 140, active 140 … 190, error from 190
    ///     3   creating 130 … 150, active 150 … 180, gone from 180
    ///     4   creating from 170
    private func lives() throws -> [Event] {
        try Past.life(1, ["creating": 60, "active": 130], Past.created(60))
            + Past.life(2, ["creating": 110, "active": 140, "error": 190], Past.created(110))
            + Past.life(3, ["creating": 130, "active": 150, "absent": 180], Past.created(130))
            + Past.life(4, ["creating": 170], Past.created(170))
    }

    @Test("Each figure is made of the visits that began before the window, in it, and have not ended")
    func everyFigure() async throws {
        try await TestService.with { service in
            try await service.append(lives())
            let group = try #require(try await service.timeInState(100, 200)["groups"]?.array?.first)
            // Absent before its creation: 2 for 10, 3 for 30, 4 for 70; after it was gone: 3 for 20. 130 in all, so
            // that servers were there for 4 × 100 - 130 = 270.
            //
            // creating  1: 100–130, 2: 110–140, 3: 130–150, 4: 170–200: 30 + 30 + 20 + 30 = 110
            //   lengths of those ended: 20, 30, 70, together 120. p50: rank 2 × 0.5 = 1, 30.
            //   p95: rank 2 × 0.95 = 1.9, 30 + 0.9 × 40 = 66.
            //   Kaplan-Meier: 1 enters at the age of 40, 4 is lost at 30. At 20: 2, 3, 4 at risk, S = 2/3; at 30: 2,
            //   4 at risk, S = 2/3 × 1/2 = 1/3. The median is 30.
            // active  1: 130–200, 2: 140–190, 3: 150–180: 70 + 50 + 30 = 150
            //   ended: 30, 50. p50: rank 0.5, 40. p95: rank 0.95, 30 + 0.95 × 20 = 49.
            //   Kaplan-Meier: at 30 of 3, S = 2/3; at 50 of 2, S = 1/3. The median is 50.
            //   Nobody looked between 60 and 130: 1 may have begun 70 earlier.
            // error  2: 190–200; it was last seen active at 140.
            let active: JSON = [
                "status": "active", "class": "serving", "total_s": 150, "share": .number(150 / 270), "begun": 3,
                "completed": 2, "censored": 1, "mean_s": 40, "p50_s": 40, "p95_s": 49, "max_s": 50, "median_km_s": 50,
                "uncertainty_max_s": 70,
            ]
            let creating: JSON = [
                "status": "creating", "class": "transitional", "total_s": 110, "share": .number(110 / 270), "begun": 3,
                "completed": 3, "censored": 1, "mean_s": 40, "p50_s": 30, "p95_s": 66, "max_s": 70, "median_km_s": 30,
                "uncertainty_max_s": 0,
            ]
            let error: JSON = [
                "status": "error", "class": "failed", "total_s": 10, "share": .number(10 / 270), "begun": 1,
                "completed": 0, "censored": 1, "mean_s": .null, "p50_s": .null, "p95_s": .null, "max_s": .null,
                "median_km_s": .null, "uncertainty_max_s": 50,
            ]
            let expected: JSON = [
                "group": "fleet", "servers": 4, "window_s": 400, "unobserved_s": 0, "absent_s": 130,
                "observed_share": 1, "statuses": .array([active, creating, error]),
            ]
            #expect(group == expected)
        }
    }

    @Test("Windows side by side share nothing and leave nothing out")
    func halfOpen() async throws {
        try await TestService.with { service in
            try await service.append(lives())
            func creating(_ from: Double, _ until: Double) async throws -> [JSON?] {
                let status = try await service.timeInState(from, until).group()?.status("creating")
                return ["total_s", "begun", "completed", "censored"].map { status?[$0] }
            }
            // At 140 server 2 leaves: 140 is in the second window. 30 + 30 + 10 = 70 before it, 0 + 10 + 30 = 40 from
            // it.
            #expect(try await creating(100, 140) == [70, 2, 1, 2])
            #expect(try await creating(140, 200) == [40, 1, 2, 1])
            #expect(try await creating(100, 200) == [110, 3, 3, 1])
            // The last microsecond of 2 in creating, beside 3; and the first without it.
            #expect(try await creating(139.999999, 140) == [0.000002, 0, 0, 2])
            #expect(try await creating(140, 140.000001) == [0.000001, 0, 1, 1])
            // At 170 server 4 begins.
            #expect(try await creating(160, 170) == [nil, nil, nil, nil])
            #expect(try await creating(170, 171) == [1, 1, 0, 1])
        }
    }

    @Test("What has not ended counts up to the moment that the answer is true as of, and is censored")
    func untilNow() async throws {
        try await TestService.with { service in
            try await service.append([Past.status(1, "active", at: 0)])
            func ask() async throws -> (answer: JSON, length: Int64, end: Timestamp) {
                let uri = "/v1/metrics/time-in-state?from=\(Past.text(0))&until=2999-01-01T00:00:00Z"
                let answer = try await service.good(uri)
                service.expectWhole(answer)
                let end = try #require(answer.at("window.until")?.string.flatMap { Timestamp($0) })
                return (answer, end.microseconds - Past.time(0).microseconds, end)
            }
            let level = try await ask()
            #expect(level.answer.at("window.until") == level.answer.at("as_of.time"))
            #expect(level.answer.at("window.is_clipped") == true)
            let active = try #require(level.answer.group()?.status("active"))
            #expect(active["total_s"] == .number(Double(level.length) / 1e6))
            #expect(active["completed"] == 0)
            #expect(active["censored"] == 1)
            #expect(active["mean_s"] == .null)
            // Appended, and not applied: nothing is known from when it was recorded on.
            _ = try await service.log.append([Past.status(1, "error", at: 50)])
            let recorded = try await service.good("/v1/events/0/1").at("entry.recorded")
            let lagging = try await ask()
            #expect(lagging.answer.at("window.until") == recorded)
            #expect(lagging.answer.group()?.seconds == ["active": Double(lagging.length) / 1e6])
        }
    }

    @Test("A visit of no length is begun and completed")
    func noLength() async throws {
        try await TestService.with { service in
            try await service.append(Past.life(1, ["active": 0, "error": 20]))
            try await service.append([Past.status(1, "inactive", at: 20)])
            let group = try #require(try await service.timeInState(0, 50).group())
            #expect(group.seconds == ["active": 20, "inactive": 30])
            #expect(
                group.status("error") == [
                    "status": "error", "class": "failed", "total_s": 0, "share": 0, "begun": 1, "completed": 1,
                    "censored": 0, "mean_s": 0, "p50_s": 0, "p95_s": 0, "max_s": 0, "median_km_s": 0,
                    "uncertainty_max_s": 20,
                ])
            #expect(group.status("inactive")?["uncertainty_max_s"] == 0)
        }
    }

    @Test("A status seen again goes on, and one that Manila does not have yet is kept as it is")
    func seenAgain() async throws {
        try await TestService.with { service in
            try await service.append(
                Past.life(1, ["active": 0, "active": 10, "hibernating": 30, "thaw_error": 60, "active": 80]))
            let group = try #require(try await service.timeInState(0, 100).group())
            #expect(group.seconds == ["active": 50, "hibernating": 30, "thaw_error": 20])
            #expect(group["statuses"]?.column("class") == ["serving", "other", "failed"])
            // 0–30 is one visit, and 80–100 another, which has not ended.
            let active = try #require(group.status("active"))
            #expect(["begun", "completed", "censored", "mean_s"].map { active[$0] } == [2, 1, 1, 30])
        }
    }

    @Test("The median is not reached while more than half of the visits last, and is where exactly half do")
    func kaplanMeier() async throws {
        try await TestService.with { service in
            try await service.append(
                Past.life(1, ["creating": 0, "active": 40], ["host": "a"])
                    + Past.life(2, ["creating": 5], ["host": "a"]) + Past.life(3, ["creating": 10], ["host": "b"]))
            // 2 and 3 are lost at 95 and 90. At 40 one of three leaves, S = 2/3; on host a one of two, S = 1/2; on b
            // none.
            let fleet = try await service.timeInState(0, 100).group()?.status("creating")
            #expect(fleet?["median_km_s"] == .null)
            #expect(fleet?["p50_s"] == 40)
            let hosts = try await service.timeInState(0, 100, "&by=host")
            #expect(hosts.group("a")?.status("creating")?["median_km_s"] == 40)
            #expect(hosts.group("b")?.status("creating")?["median_km_s"] == .null)
        }
    }

    @Test("The figures are the same in whatever order events come in")
    func anyOrder() async throws {
        try await TestService.with { service in
            for event in try lives().reversed() { try await service.append([event]) }
            let group = try await service.timeInState(100, 200).group()
            #expect(group?.seconds == ["creating": 110, "active": 150, "error": 10, "absent": 130])
            #expect(group?.status("active")?["median_km_s"] == 50)
        }
    }

    @Test("By how much earlier a visit may have begun is told from the last look before it")
    func uncertainty() async throws {
        try await TestService.with { service in
            try await service.append([
                Past.status(1, "creating", at: 10, notBefore: 2), Past.status(1, "active", at: 50, notBefore: 44),
                // Seen active at 70 still, so that what was said of 65 is no longer the last.
                Past.status(1, "active", at: 70), Past.status(1, "error", at: 80, notBefore: 65),
                Past.status(1, "active", at: 130), Past.status(2, "active", at: 5),
            ])
            let group = try #require(try await service.timeInState(0, 100).group())
            #expect(group.status("creating")?["uncertainty_max_s"] == 8)
            #expect(group.status("active")?["uncertainty_max_s"] == 6)
            #expect(group.status("error")?["uncertainty_max_s"] == 10)
            // Of visits that began in the window alone: here there is none.
            let later = try #require(try await service.timeInState(55, 75).group())
            #expect(later.status("active")?["uncertainty_max_s"] == 0)
        }
    }
}
