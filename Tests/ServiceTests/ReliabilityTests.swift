import DatabaseTesting
import Postgres
import ShareServers
import Testing

/// `GET /v1/metrics/reliability`: failures, what came of them, and how long that took.
@Suite(.log) struct ReliabilityTests {
    @Test("Failures of a window are restored, gone or open, and each figure is of those that it says")
    func timeToRestore() async throws {
        try await TestService.with { service in
            // Failed for 10, 20, 30 and 60 until restored; for 40 until gone; and two open at 200, after 50 and 25.
            try await service.append(
                Past.life(1, ["active": 0, "error": 100, "active": 110])
                    + Past.life(2, ["active": 0, "error": 100, "creating": 110, "active": 120])
                    + Past.life(3, ["active": 0, "manage_error": 100, "error": 105, "active": 130])
                    + Past.life(4, ["active": 0, "error": 100, "deleting": 120, "absent": 140])
                    + Past.life(5, ["active": 0, "error": 150])
                    + Past.life(6, ["active": 0, "error": 120, "active": 180])
                    + Past.life(7, ["active": 0, "error": 175]))
            let group = try #require(try await service.reliability(0, 200).group())
            #expect(group["failures"] == 7)
            #expect(group["asserted_failures"] == 0)
            #expect(group["first_seen_failed"] == 0)
            // Restored: 10, 20, 30, 60; mean 120 / 4 = 30, p50 (20 + 30) / 2 = 25.
            // Kaplan-Meier, gone and open censored: at 10 of 7, S = 6/7; at 20 of 6, S = 5/7; lost at 25; at 30 of 4,
            // S = 5/7 × 3/4 = 15/28 = 0.54; lost at 40 and 50; at 60 of 1, S = 0. So the median and the p90 are 60.
            // Aalen-Johansen: restored 1/7 + 1/7 + 5/7 × 1/4 = 13/28, S = 15/28; gone at 40 of 3: 15/28 × 1/3 = 5/28,
            // S = 10/28; lost at 50; restored at 60 of 1: 10/28 more, 23/28 in all.
            let figures = try #require(group["time_to_restore"])
            let counts = ["n", "restored", "restored_by_reset", "gone", "open"].map { figures[$0] }
            #expect(counts == [7, 4, 0, 1, 2])
            let lengths = ["mean_s", "p50_s", "max_s", "median_km_s", "p90_km_s"].map { figures[$0] }
            #expect(lengths == [30, 25, 60, 60, 60])
            #expect(figures.at("incidence.restored")?.isClose(to: 23.0 / 28) == true)
            #expect(figures.at("incidence.gone")?.isClose(to: 5.0 / 28) == true)
        }
    }

    @Test("What comes after the window is not known in it, and what failed before it is not its failure")
    func windowBounds() async throws {
        try await TestService.with { service in
            try await service.append(
                Past.life(1, ["active": 0, "error": 100, "active": 150, "error": 200, "active": 230]))
            func figures(_ from: Double, _ until: Double) async throws -> [JSON?] {
                let group = try await service.reliability(from, until).group()
                return ["n", "restored", "open", "mean_s", "median_km_s"].map { group?.at("time_to_restore.\($0)") }
            }
            // The moment itself is in the window that begins there, and not in the one that ends there.
            #expect(try await figures(0, 100) == [0, 0, 0, .null, .null])
            #expect(try await figures(100, 150) == [1, 0, 1, .null, .null])
            #expect(try await figures(100, 150.000001) == [1, 1, 0, 50, 50])
            #expect(try await figures(100.000001, 200) == [0, 0, 0, .null, .null])
            // 50 and 30. At 30 of two, S = 1/2.
            #expect(try await figures(0, 300) == [2, 2, 0, 40, 30])
        }
    }

    @Test("The p90 is not reached while more than a tenth of the failures are not restored")
    func notReached() async throws {
        try await TestService.with { service in
            // Nine of ten restored, after 1, 2, … 9; the tenth is open at 200.
            var events: [Event] = []
            for number in 1...9 {
                events += try Past.life(number, ["active": 0, "error": 100, "active": 100 + Double(number)])
            }
            try await service.append(events + Past.life(10, ["active": 0, "error": 100]))
            // S falls by a tenth each: 0.5 at 5, and 0.1 at 9.
            let group = try await service.reliability(0, 200).group()
            #expect(group?.at("time_to_restore.median_km_s") == 5)
            #expect(group?.at("time_to_restore.p90_km_s") == 9)
            #expect(group?.at("time_to_restore.incidence.restored")?.isClose(to: 0.9) == true)
            #expect(group?.at("time_to_restore.incidence.gone") == 0)
            // Another one that stays failed: 2 of 11 are left, S = 2/11 > 0.1; at 6 of 11 are left 5, S = 5/11.
            try await service.append(Past.life(11, ["active": 0, "error": 100]))
            let more = try await service.reliability(0, 200).group()
            #expect(more?.at("time_to_restore.median_km_s") == 6)
            #expect(more?.at("time_to_restore.p90_km_s") == .null)
        }
    }

    @Test("A server that had failed when it was first seen has not failed in anybody's sight")
    func firstSeenFailed() async throws {
        try await TestService.with { service in
            try await service.append(
                Past.life(1, ["error": 10, "active": 30, "error": 60, "active": 70]) + Past.life(2, ["error": 20])
                    + Past.life(3, ["creating": 0, "error": 50]))
            let group = try #require(try await service.reliability(0, 100).group())
            #expect(group["failures"] == 2)
            #expect(group["first_seen_failed"] == 2)
            #expect(group.at("time_to_restore.n") == 2)
            #expect(group.at("time_to_restore.mean_s") == 10)
            // Their time counts all the same: serving 30–60 and 70–100; unobserved 10 + 20 of 300.
            #expect(group["serving_s"] == 60)
            #expect(group["observed_s"] == 270)
            let later = try #require(try await service.reliability(50, 100).group())
            #expect(later["first_seen_failed"] == 0)
        }
    }

    @Test("A change from one failed status to another is no new failure; one after anything else is")
    func withinTheClass() async throws {
        try await TestService.with { service in
            try await service.append(
                Past.life(1, ["active": 0, "error": 10, "unmanage_error": 20, "manage_error": 30, "active": 40])
                    // Failed, being deleted, and failed again: twice, both restored at 80, after 60 and 30.
                    + Past.life(2, ["active": 0, "error": 20, "deleting": 40, "error": 50, "active": 80]))
            let group = try #require(try await service.reliability(0, 100).group())
            #expect(group["failures"] == 3)
            #expect(group.at("time_to_restore.restored") == 3)
            // 30, 60 and 30.
            #expect(group.at("time_to_restore.mean_s") == 40)
            #expect(group.at("time_to_restore.p50_s") == 30)
            // In the midst of the episode of 1; that of 2 begins when this window has ended.
            let later = try #require(try await service.reliability(15, 20).group())
            #expect(later["failures"] == 0)
        }
    }

    @Test("What an operator only said is told apart: failures and restorations by reset_status")
    func asserted() async throws {
        try await TestService.with { service in
            try await service.append(
                [
                    Past.call(1, "reset_status", 202, at: 9), Past.call(2, "reset_status", 202, at: 25),
                    // Refused, and long before: no cause.
                    Past.call(3, "reset_status", 403, at: 25), Past.call(4, "reset_status", 202, at: 2),
                    // Not the last accepted changing call before the change.
                    Past.call(5, "reset_status", 202, at: 25), Past.call(5, "migration_cancel", 202, at: 26),
                    // Accepted calls that change nothing do not stand between.
                    Past.call(6, "reset_status", 202, at: 25), Past.call(6, "show", 200, at: 26),
                ] + (1...6).flatMap { try Past.life($0, ["creating": 0, "active": 3, "error": 10, "active": 30]) })
            let group = try #require(try await service.reliability(0, 100).group())
            #expect(group["failures"] == 6)
            // 1 was said to have failed; 2 and 6 to be well again.
            #expect(group["asserted_failures"] == 1)
            #expect(group.at("time_to_restore.restored") == 6)
            #expect(group.at("time_to_restore.restored_by_reset") == 2)
            #expect(group.at("time_to_restore.mean_s") == 20)
        }
    }

    // MARK: - Little to tell

    @Test("An empty log has no groups, and servers that never failed no time to restore")
    func nothing() async throws {
        try await TestService.with { service in
            #expect(try await service.reliability(0, 100)["groups"] == [])
            try await service.append([Past.call(2, "delete", 404, at: 10)])
            #expect(try await service.reliability(0, 100)["groups"] == [])
            try await service.append(Past.life(1, ["active": 0]))
            let group = try #require(try await service.reliability(0, 100).group())
            let expected: JSON = [
                "n": 0, "restored": 0, "restored_by_reset": 0, "gone": 0, "open": 0, "mean_s": .null, "p50_s": .null,
                "max_s": .null, "median_km_s": .null, "p90_km_s": .null, "incidence": .null,
            ]
            #expect(group["time_to_restore"] == expected)
            #expect(group["failures"] == 0)
            #expect(group["availability"] == 1)
        }
    }

    @Test(
        "What cannot be answered is refused",
        arguments: [
            ("confidence=0", "confidence"), ("confidence=1", "confidence"), ("confidence=nan", "confidence"),
            ("confidence=90", "confidence"), ("migrating=maybe", "migrating"), ("by=day", "by"), ("limit=0", "limit"),
            ("known_at=x", "known_at"),
        ])
    func refusals(query: String, parameter: String) async throws {
        try await TestService.with { service in
            let answer = try await service.get("/v1/metrics/reliability?\(Past.window(0, 100))&\(query)")
            #expect(answer.isProblem(400, parameter: parameter), "\(answer)")
        }
    }
}

extension TestService {
    /// The answer of reliability for a window of `Past`. Its times rest on time in state, which must be whole.
    func reliability(
        _ from: Double, _ until: Double, _ more: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSON {
        _ = try await timeInState(from, until, sourceLocation: sourceLocation)
        return try await good(
            "/v1/metrics/reliability?\(Past.window(from, until))\(more)", sourceLocation: sourceLocation)
    }
}
