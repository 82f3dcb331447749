import DatabaseTesting
import EventLog
import FoundationEssentials
import ShareServers
import Testing

/// `GET /v1/servers/diff`.
@Suite(.log) struct DiffTests {
    private static let place: [String: JSON] = ["host": "lab@alpha", "project_id": "p1", "share_network_id": "n1"]

    /// Servers by what happened to them from 100 up to 200.
    private static func fleet() throws -> [Event] {
        let elsewhere: [String: JSON] = ["host": "lab@beta", "project_id": "p2", "share_network_id": "n2"]
        let lives: [(Int, [(String, Double)], [String: JSON])] = [
            (1, [("creating", 110), ("active", 120)], place), (2, [("active", 10), ("absent", 140)], place),
            (3, [("active", 10), ("error", 150)], elsewhere), (4, [("creating", 110), ("absent", 120)], elsewhere),
            (5, [("active", 10), ("absent", 20), ("active", 150)], place),
            (6, [("active", 10), ("error", 120), ("active", 130)], place),
            // Only before, only after, and seen again as it was.
            (7, [("active", 10), ("error", 99.999999)], place), (8, [("active", 10), ("error", 200)], place),
            (9, [("active", 10), ("active", 150)], place), (10, [("creating", 200)], place),
            // At the very edges.
            (11, [("active", 10), ("error", 100)], place), (12, [("active", 10), ("error", 199.999999)], place),
        ]
        return try lives.flatMap { number, life, place in
            try life.map { try Sample.status(Sample.server(number), $0.0, at: $0.1, place) }
        }
    }

    private func diff(_ service: TestService, _ query: String = Sample.window(100, 200)) async throws -> [JSON] {
        try #require(try await service.good("/v1/servers/diff?\(query)")["servers"]?.array)
    }

    private func numbers(_ servers: [JSON]) -> [Int?] { servers.map { Sample.number($0["server_id"]) } }

    @Test("A diff has the servers whose status changed in a half-open window, and how")
    func kinds() async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let servers = try await diff(service)
            #expect(numbers(servers) == [1, 2, 3, 4, 5, 6, 11, 12])
            #expect(
                servers.column("kind") == [
                    "came", "went", "changed", "came and went", "came back", "came back to", "changed", "changed",
                ])
            #expect(
                servers.column("before") == [.null, "active", "active", .null, "absent", "active", "active", "active"])
            #expect(
                servers.column("after") == [
                    "active", "absent", "error", "absent", "active", "active", "error", "error",
                ])
            #expect(
                servers.map { $0["changes"]?.array?.column("status") } == [
                    ["creating", "active"], ["absent"], ["error"], ["creating", "absent"], ["active"],
                    ["error", "active"], ["error"], ["error"],
                ])
            #expect(
                servers[0]["changes"]?.array?.column("at") == [.string(Sample.text(110)), .string(Sample.text(120))])
            #expect(servers.allSatisfy { $0["calls"] == [] })
        }
    }

    @Test("Nothing that changed is an empty answer, and a window must not be turned around")
    func nothing() async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            #expect(try await diff(service, Sample.window(21, 99)) == [])
            #expect(try await diff(service, Sample.window(300, 400)) == [])
            #expect(
                try await service.get("/v1/servers/diff?\(Sample.window(200, 100))").isProblem(400, parameter: "from"))
        }
    }

    @Test("A server is told with what else changed of it, before and after")
    func attributes() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.status(
                    Sample.alpha, "active", at: 10,
                    Self.place.merging(["task_state": "migration_in_progress", "updated_at": "2026-11-23T09:00:10"]) {
                        $1
                    }),
                Sample.status(
                    Sample.alpha, "error", at: 150,
                    ["host": "lab@beta", "task_state": .null, "updated_at": "2026-11-23T09:02:30", "identifier": "x"]),
                // Beyond the window.
                Sample.status(Sample.alpha, "error", at: 250, ["host": "lab@tiny"]),
            ])
            let server = try #require(try await diff(service).first)
            // The project and the network stayed; the status is told beside, and the time of an update is none.
            #expect(
                server["attributes"] == [
                    "host": ["before": "lab@alpha", "after": "lab@beta"],
                    "task_state": ["before": "migration_in_progress", "after": .null],
                    "identifier": ["before": .null, "after": "x"],
                ])
            #expect(server["host"] == "lab@beta")
            #expect(server["project_id"] == "p1")
        }
    }

    @Test(
        "Each change is told with the call that caused it, and every call that asked for one, refused or not, is listed"
    )
    func calls() async throws {
        try await TestService.with { service in
            let actor: JSON = ["user_id": "bob", "project_id": "admin"]
            try await service.append([
                Sample.status(Sample.alpha, "active", at: 10, Self.place),
                Sample.call(Sample.alpha, "reset_task_state", 202, at: 99, ["request_id": "req-early"]),
                Sample.call(
                    Sample.alpha, "delete", 409, at: 110,
                    ["request_id": "req-1", "fault": ["code": 409, "message": "in use"]]),
                Sample.call(Sample.alpha, "show", 200, at: 111, ["request_id": "req-2"]),
                Sample.call(Sample.alpha, "migration_check", 200, at: 112, ["request_id": "req-3"]),
                Sample.call(Sample.alpha, "delete", 202, at: 120, ["request_id": "req-4", "actor": actor]),
                Sample.status(Sample.alpha, "deleting", at: 121), Sample.status(Sample.alpha, "error", at: 130),
                Sample.call(Sample.alpha, "reset_status", 202, at: 140, ["request_id": "req-5", "actor": actor]),
                Sample.status(Sample.alpha, "active", at: 141),
                Sample.call(Sample.alpha, "unmanage", 202, at: 200, ["request_id": "req-late"]),
            ])
            let server = try #require(try await diff(service).first)
            let changes = try #require(server["changes"]?.array)
            #expect(changes.column("status") == ["deleting", "error", "active"])
            // That the deletion failed was no call's doing.
            #expect(changes.map { $0.at("cause.request_id") } == ["req-4", nil, "req-5"])
            #expect(changes[1]["cause"] == .null)
            #expect(changes[0].at("cause.actor") == actor)
            #expect(changes.column("position") == [6, 7, 9])
            let calls = try #require(server["calls"]?.array)
            #expect(calls.column("request_id") == ["req-1", "req-4", "req-5"])
            #expect(calls.column("http_status") == [409, 202, 202])
            #expect(calls[0].at("fault.message") == "in use")
        }
    }

    @Test("A call before the window is the cause of a change in it")
    func earlierCause() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.status(Sample.alpha, "active", at: 10),
                Sample.call(Sample.alpha, "delete", 202, at: 95, ["request_id": "req-1"]),
                Sample.status(Sample.alpha, "deleting", at: 105),
            ])
            let server = try #require(try await diff(service).first)
            #expect(server.at("changes.0.cause.request_id") == "req-1")
            #expect(server["calls"] == [])
        }
    }

    @Test("As of what was known, a diff leaves out what came later")
    func knownAt() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.status(Sample.alpha, "active", at: 10, Self.place),
                Sample.status(Sample.alpha, "error", at: 120),
                Sample.status(Sample.beta, "active", at: 10, Self.place),
            ])
            // Both were late, and only beta's is of a server that had not changed.
            try await service.append([
                Sample.call(Sample.alpha, "delete", 202, at: 105, ["request_id": "req-1"]),
                Sample.status(Sample.alpha, "deleting", at: 110, ["host": "lab@beta"]),
                Sample.status(Sample.beta, "absent", at: 150),
            ])
            func statuses(_ known: Int) async throws -> [[JSON]] {
                try await diff(service, "\(Sample.window(100, 200))&known_at=\(known)")
                    .map { $0["changes"]?.array?.column("status") ?? [] }
            }
            #expect(try await statuses(0) == [])
            #expect(try await statuses(1) == [])
            #expect(try await statuses(2) == [["error"]])
            #expect(try await statuses(3) == [["error"]])
            #expect(try await statuses(5) == [["deleting", "error"]])
            #expect(try await statuses(6) == [["deleting", "error"], ["absent"]])
            let known = try #require(try await diff(service, "\(Sample.window(100, 200))&known_at=3").first)
            #expect(known["calls"] == [] && known["attributes"] == [:])
            let now = try #require(try await diff(service).first)
            #expect(now["calls"]?.column("request_id") == ["req-1"])
            #expect(now.at("attributes.host") == ["before": "lab@alpha", "after": "lab@beta"])
            for bad in ["x", "-1", "1,2"] {
                #expect(
                    try await service.get("/v1/servers/diff?known_at=\(bad)").isProblem(400, parameter: "known_at"))
            }
        }
    }

    @Test(
        "A diff is filtered by host, project and share network",
        arguments: [
            ("host=lab%40beta", [3, 4]), ("project_id=p2", [3, 4]), ("share_network_id=n2", [3, 4]),
            ("host=lab%40alpha", [1, 2, 5, 6, 11, 12]), ("host=lab%40alpha&project_id=p2", []), ("host=lab", []),
        ])
    func filters(query: String, expected: [Int]) async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            #expect(numbers(try await diff(service, "\(Sample.window(100, 200))&\(query)")) == expected)
        }
    }

    @Test("Paging meets every server once, in order", arguments: [1, 2, 3, 8])
    func paging(limit: Int) async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let pages = try await service.pages(
                "/v1/servers/diff?\(Sample.window(100, 200))&limit=\(limit)", of: "servers")
            #expect(numbers(pages.flatMap { $0 }) == [1, 2, 3, 4, 5, 6, 11, 12])
            #expect(pages.dropLast().allSatisfy { $0.count == limit })
        }
    }
}

/// The same in a log of several lanes.
@Suite(.database) struct DiffLaneTests {
    @Test("Servers of all lanes are told once each, lane by lane, with calls and changes of their own lane")
    func lanes() async throws {
        try await TestService.with(lanes: 3) { service in
            var lanes: [[Int16]] = []
            for number in 1...9 {
                let receipts = try await service.append([
                    Sample.status(Sample.server(number), "active", at: 10),
                    Sample.call(
                        Sample.server(number), "reset_status", 202, at: 110, ["request_id": .string("req-\(number)")]),
                    Sample.status(Sample.server(number), "error", at: 120),
                ])
                lanes.append([receipts[0].position.lane.number, Int16(number)])
            }
            #expect(Set(lanes.map { $0[0] }).count == 3)
            let expected = lanes.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }.map { Int($0[1]) }
            let sizes = try await service.good("/v1/servers").at("as_of.positions")?.array ?? []
            let known = sizes.map { "\($0["lane"]?.int ?? -1):\($0["size"]?.int ?? -1)" }.joined(separator: ",")
            // Late, and not known then.
            try await service.append((1...9).map { try Sample.status(Sample.server($0), "absent", at: 150) })
            for (bound, last) in [("", "absent"), ("&known_at=\(known)", "error")] {
                let pages = try await service.pages(
                    "/v1/servers/diff?\(Sample.window(100, 200))&limit=2\(bound)", of: "servers")
                let servers = pages.flatMap { $0 }
                #expect(servers.map { Sample.number($0["server_id"]) } == expected)
                #expect(servers.column("after") == Array(repeating: .string(last), count: 9))
                let requests = expected.map { JSON.string("req-\($0)") }
                #expect(servers.map { $0.at("changes.0.cause.request_id") } == requests)
                #expect(servers.map { $0.at("calls.0.request_id") } == requests)
            }
        }
    }
}
