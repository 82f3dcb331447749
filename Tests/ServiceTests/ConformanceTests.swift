import DatabaseTesting
import EventLog
import FoundationEssentials
import Ingest
import ShareServers
import Testing

/// `GET /v1/conformance`.
@Suite(.log) struct ConformanceTests {
    /// A life as words: statuses, and calls by their answers; ten seconds lie between them, the first is at 10.
    private static func life(_ number: Int, _ words: String, place: [String: JSON] = [:]) throws -> [Event] {
        try words.split(separator: " ").enumerated().map { index, word in
            let second = Double(10 * (index + 1))
            let parts = word.split(separator: ":").map(String.init)
            return parts.count == 1
                ? try Sample.status(Sample.server(number), parts[0], at: second, place)
                : try Sample.call(Sample.server(number), parts[0], Int(parts[1]) ?? 0, at: second)
        }
    }

    private func deviations(_ service: TestService, _ query: String = "") async throws -> [JSON] {
        let answer = try await service.good("/v1/conformance?\(Sample.window(0, 1000))\(query)")
        return try #require(answer["deviations"]?.array)
    }

    // Source: the transitions and causes seen of a running Manila 23, or read in its source.
    @Test("What Manila documents is not reported")
    func documented() async throws {
        let lives = [
            "creating active", "creating error", "active delete:202 deleting absent",
            "error delete:202 deleting absent", "active deleting error", "manage:202 manage_starting active",
            "manage:202 manage_starting manage_error", "active unmanage:202 unmanage_starting absent",
            "error unmanage:202 unmanage_starting absent", "manage_error unmanage:202 unmanage_starting absent",
            "active unmanage:202 unmanage_starting unmanage_error unmanage:202 unmanage_starting absent",
            "active migration_start:202 server_migrating migration_complete:200 inactive deleting absent",
            "creating server_migrating_to active",
            "active migration_start:202 server_migrating migration_complete:200 error",
            "creating server_migrating_to error",
            "active migration_start:202 server_migrating migration_cancel:202 active",
            "creating server_migrating_to inactive", "active migration_start:202 server_migrating active",
            "creating server_migrating_to error absent", "active network_change active network_change error",
            "active deleting absent", "inactive deleting absent",
            // A step that nobody saw.
            "creating deleting", "creating unmanage:400 absent", "manage_starting unmanage_starting",
            "active delete:202 absent",
            // Refusals, and calls that change no status.
            "creating delete:403 unmanage:400 active migration_cancel:400 migration_complete:400 active",
            "deleting reset_task_state:202 migration_check:200 show:200 deleting",
        ]
        try await TestService.with { service in
            for (number, life) in zip(1..., lives) { try await service.append(Self.life(number, life)) }
            let found = try await deviations(service)
            #expect(
                found.map { "\(lives[(Sample.number($0["server_id"]) ?? 1) - 1]): \($0["reason"]?.string ?? "-")" }
                    == [])
        }
    }

    @Test("A status that cannot follow another is reported, with both and with who may have done it")
    func transition() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.status(
                    Sample.alpha, "error", at: 10, ["host": "lab@alpha", "project_id": "p1"]),
                Sample.call(Sample.alpha, "reset_task_state", 202, at: 19, ["request_id": "req-1"]),
                Sample.status(Sample.alpha, "active", at: 20, notBefore: 15),
            ])
            let found = try await deviations(service)
            #expect(found.count == 1)
            var deviation = try #require(found.first?.object)
            #expect(deviation.removeValue(forKey: "reason")?.string?.isEmpty == false)
            let cause = deviation.removeValue(forKey: "cause")
            #expect(cause?["request_id"] == "req-1")
            #expect(
                deviation == [
                    "kind": "transition", "at": .string(Sample.text(20)), "server_id": .string(Sample.alpha.lower),
                    "entry": ["lane": 0, "position": 2], "former_status": "error", "status": "active",
                    "is_documented": true, "not_before": .string(Sample.text(15)), "host": "lab@alpha",
                    "project_id": "p1",
                ])
        }
    }

    @Test(
        "No way leads from these statuses to those, unless somebody reset the status",
        arguments: [
            ("error", "active"), ("active", "creating"), ("active", "manage_starting"), ("inactive", "active"),
            ("manage_error", "active"), ("unmanage_starting", "active"), ("error", "server_migrating"),
            ("active", "manage_error"), ("deleting", "active"), ("absent", "active"),
        ])
    func withAndWithoutReset(former: String, status: String) async throws {
        try await TestService.with { service in
            // The second was reset, the third too, but that was refused; the fourth was reset before its former status.
            for (number, life) in [
                (1, "\(former) \(status)"), (2, "\(former) reset_status:202 \(status)"),
                (3, "\(former) reset_status:403 \(status)"), (4, "reset_status:202 \(former) \(status)"),
            ] {
                try await service.append(Self.life(number, life))
            }
            let found = try await deviations(service)
            #expect(found.map { Sample.number($0["server_id"]) } == [1, 3, 4])
            #expect(found.allSatisfy { $0["kind"] == "transition" })
            #expect(found.allSatisfy { $0["former_status"] == .string(former) && $0["status"] == .string(status) })
        }
    }

    @Test("A status that Manila does not document is reported as such, also where it is left again")
    func unknownStatus() async throws {
        try await TestService.with { service in
            try await service.append(Self.life(1, "active shiny active"))
            let found = try await deviations(service)
            #expect(found.column("former_status") == ["active", "shiny"])
            #expect(found.column("status") == ["shiny", "active"])
            #expect(found.column("is_documented") == [false, false])
            #expect(found.column("kind") == ["transition", "transition"])
        }
    }

    // Source: of a running Manila 23: delete is refused (403) unless the status is error or active; unmanage (400) unless
    // it is active, error, manage_error or unmanage_error; a migration starts from active and ends from server_migrating.
    @Test(
        "A call that was accepted in a status in which Manila refuses it is reported",
        arguments: [
            ("unmanage", 202, "deleting"), ("unmanage", 202, "creating"), ("unmanage", 202, "inactive"),
            ("delete", 202, "creating"), ("delete", 202, "manage_error"), ("delete", 202, "inactive"),
            ("migration_start", 202, "error"), ("migration_complete", 200, "active"),
            ("migration_cancel", 202, "active"), ("migration_cancel", 202, "server_migrating_to"),
        ])
    func call(operation: String, answer: Int, status: String) async throws {
        try await TestService.with { service in
            // The first was in that status before and after, the second before; the third is not known to have been.
            try await service.append(
                Self.life(1, "\(status) \(operation):\(answer) \(status)", place: ["host": "lab@alpha"])
                    + Self.life(2, "\(status) \(operation):\(answer)")
                    + Self.life(3, "\(operation):\(answer) \(status)"))
            let found = try await deviations(service)
            #expect(found.map { Sample.number($0["server_id"]) } == [1, 2])
            #expect(found.column("kind") == ["call", "call"])
            #expect(found.column("at") == [.string(Sample.text(20)), .string(Sample.text(20))])
            #expect(found.column("status") == [.string(status), .string(status)])
            #expect(found.column("is_certain") == [true, false])
            #expect(found.map { $0.at("call.operation") } == [.string(operation), .string(operation)])
            #expect(found.column("entry") == [["lane": 0, "position": 1], ["lane": 0, "position": 4]])
            #expect(found.column("host") == ["lab@alpha", .null])
        }
    }

    @Test("A call after an accepted reset, of which no status has been seen yet, is not reported")
    func callAfterReset() async throws {
        try await TestService.with { service in
            // A reset that was refused changes nothing.
            try await service.append(
                Self.life(1, "inactive reset_status:202 delete:202 deleting")
                    + Self.life(2, "inactive reset_status:403 delete:202 deleting"))
            let found = try await deviations(service)
            #expect(found.map { Sample.number($0["server_id"]) } == [2])
            #expect(found.column("kind") == ["call"])
        }
    }

    /// At 20 the status of 1 and 3 cannot follow, and 2 is unmanaged while it is deleted; at 30 1 again.
    private static func fleet() throws -> [Event] {
        try life(1, "error active creating", place: ["host": "lab@alpha", "project_id": "p1"])
            + life(2, "deleting unmanage:202", place: ["host": "lab@beta", "project_id": "p1"])
            + life(3, "error active", place: ["host": "lab@beta", "project_id": "p2"])
    }

    @Test(
        "Deviations are filtered by server, host and project, and lie in a half-open window",
        arguments: [
            (Sample.window(0, 1000), [1, 2, 3, 1]), (Sample.window(20, 30), [1, 2, 3]), (Sample.window(30, 31), [1]),
            (Sample.window(20.000001, 30), []), (Sample.window(0, 20), []),
            ("\(Sample.window(0, 1000))&host=lab%40beta", [2, 3]),
            ("\(Sample.window(0, 1000))&project_id=p1", [1, 2, 1]),
            ("\(Sample.window(0, 1000))&host=lab%40beta&project_id=p2", [3]),
            ("\(Sample.window(0, 1000))&server_id=\(Sample.server(1).lower)", [1, 1]),
            ("\(Sample.window(0, 1000))&server_id=\(Sample.server(9).lower)", []),
        ])
    func filters(query: String, expected: [Int]) async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let found = try await service.good("/v1/conformance?\(query)")["deviations"]
            #expect(found?.array?.map { Sample.number($0["server_id"]) } == expected)
        }
    }

    @Test("Paging meets every transition and every call once, in order", arguments: [1, 2, 3])
    func paging(limit: Int) async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let pages = try await service.pages(
                "/v1/conformance?\(Sample.window(0, 1000))&limit=\(limit)", of: "deviations")
            // Lives were appended one after the other: positions 0–2, 3–4 and 5–6.
            #expect(pages.joined().map { $0.at("entry.position") } == [1, 4, 6, 2])
            #expect(pages.dropLast().allSatisfy { $0.count == limit })
        }
    }

    // Manila's own state machine ran, and whatever it does not allow was asserted by one of the 11 resets that it accepted.
    // The two calls that were accepted though the status last seen would not have allowed them, a migration_start after
    // 'error' and a delete after 'inactive', each came after such a reset.
    @Test("Of what a real Manila did, driven through every status by resets, nothing is reported")
    func captured() async throws {
        try await TestService.with { service in
            let traffic = try CapturedTraffic()
            let resets = traffic.entries.filter {
                $0.status == 202 && String(decoding: $0.exchange.requestBody, as: UTF8.self).contains("reset_status")
            }
            #expect(resets.count == 11)
            _ = try await FileImport(log: service.log).run(CapturedTraffic.file.path)
            try await service.catchUp()
            let answer = try await service.good(
                "/v1/conformance?from=2026-11-23T00:00:00Z&until=2026-11-24T00:00:00Z")
            let found = try #require(answer["deviations"]?.array)
            #expect(found.map { "\($0["at"]?.string ?? "-"): \($0["reason"]?.string ?? "-")" } == [])
        }
    }
}

/// The same in a log of several lanes.
@Suite(.database) struct ConformanceLaneTests {
    @Test("Paging meets each deviation once where many happened at once in several lanes", arguments: [1, 2, 3])
    func lanes(limit: Int) async throws {
        try await TestService.with(lanes: 3) { service in
            // Of each server a transition and a call, at the same time.
            let receipts = try await service.append(
                (1...6).flatMap { number in
                    [
                        try Sample.status(Sample.server(number), "error", at: 10),
                        try Sample.status(Sample.server(number), "active", at: 20),
                        try Sample.call(Sample.server(number), "migration_cancel", 202, at: 20),
                    ]
                })
            #expect(Set(receipts.map(\.position.lane)).count == 3)
            let expected = zip(0..., receipts).filter { $0.0 % 3 != 0 }.map(\.1.position).sorted()
                .map { [Int($0.lane.number), Int($0.index)] }
            let pages = try await service.pages(
                "/v1/conformance?\(Sample.window(0, 100))&limit=\(limit)", of: "deviations")
            #expect(
                pages.joined().map { [$0.at("entry.lane")?.int ?? -1, $0.at("entry.position")?.int ?? -1] } == expected)
            #expect(pages.dropLast().allSatisfy { $0.count == limit })
        }
    }
}
