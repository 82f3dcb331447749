import DatabaseTesting
import FoundationEssentials
import ShareServers
import Testing

/// `GET /v1/stuck`.
@Suite(.log) struct StuckTests {
    /// Servers that were `creating` from 0 on for 1, 2, … 101 s, on one host.
    ///
    /// Of 101 lengths in order, the 99th percentile is the one at rank 0.99 × (101 − 1) = 99, counted from 0, whichever
    /// of the usual definitions is taken: 100 s.
    private static func usual(_ host: JSON) throws -> [Event] {
        try (1...101).flatMap { number in
            [
                try Sample.status(Sample.server(number), "creating", at: 0, ["host": host]),
                try Sample.status(Sample.server(number), "active", at: Double(number)),
            ]
        }
    }

    /// A server that has been in a status since a second.
    private static func since(
        _ number: Int, _ status: String, _ second: Double, host: JSON = "lab@alpha", project: JSON = "p1"
    ) throws -> Event {
        try Sample.status(
            Sample.server(number), status, at: second,
            ["host": host, "project_id": project, "share_network_id": "n1"])
    }

    private func stuck(_ service: TestService, at second: Double, _ query: String) async throws -> [JSON] {
        let answer = try await service.good("/v1/stuck?at=\(Sample.text(second))&\(query)")
        #expect(answer["at"] == .string(Sample.text(second)))
        return try #require(answer["servers"]?.array)
    }

    private func numbers(_ servers: [JSON]) -> [Int?] { servers.map { Sample.number($0["server_id"]) } }

    @Test(
        "A server is stuck when it has been in a status for longer than 99 of 100 were on its host, the longest first")
    func byHost() async throws {
        try await TestService.with { service in
            // At 1000 they are 100, 100.5, 101 and 800 s old. The longest that any took is 101 s.
            try await service.append(
                Self.usual("lab@alpha") + [
                    Self.since(111, "creating", 900), Self.since(112, "creating", 899.5),
                    Self.since(113, "creating", 899), Self.since(114, "active", 200),
                ])
            let servers = try await stuck(service, at: 1000, "floor=1s")
            #expect(numbers(servers) == [113, 112])
            #expect(
                servers.last == [
                    "server_id": .string(Sample.server(112).lower), "status": "creating",
                    "since": .string(Sample.text(899.5)), "not_before": .null, "age_s": 100.5, "usual_s": 100,
                    "compared": 101, "is_by_host": true, "host": "lab@alpha", "project_id": "p1",
                    "share_network_id": "n1", "entry": ["lane": 0, "position": 203], "cause": .null,
                ])
            #expect(numbers(try await stuck(service, at: 1000, "floor=1s&limit=1")) == [113])
        }
    }

    @Test("Nothing younger than the floor is listed, ten minutes where nobody says")
    func floor() async throws {
        try await TestService.with { service in
            try await service.append(
                Self.usual("lab@alpha") + [
                    Self.since(111, "creating", 399), Self.since(112, "creating", 401),
                    Self.since(113, "creating", 899),
                ])
            // 601, 599 and 101 s old.
            #expect(numbers(try await stuck(service, at: 1000, "")) == [111])
            #expect(numbers(try await stuck(service, at: 1000, "floor=9m")) == [111, 112])
            #expect(numbers(try await stuck(service, at: 1000, "floor=1s")) == [111, 112, 113])
            #expect(try await service.good("/v1/stuck")["floor_s"] == 600)
            #expect(try await service.good("/v1/stuck?floor=9m")["floor_s"] == 540)
        }
    }

    @Test("Where nobody has completed such a visit on the host, those of the whole fleet are compared with")
    func byFleet() async throws {
        try await TestService.with { service in
            // On beta only another status was completed.
            try await service.append(
                Self.usual("lab@alpha") + [
                    Self.since(111, "creating", 899.5, host: "lab@beta"),
                    Self.since(112, "creating", 900, host: "lab@beta"),
                    Self.since(113, "deleting", 300, host: "lab@beta"), Self.since(113, "absent", 301),
                ])
            let servers = try await stuck(service, at: 1000, "floor=1s")
            #expect(numbers(servers) == [111])
            #expect(servers.column("usual_s") == [100])
            #expect(servers.column("compared") == [101])
            #expect(servers.column("is_by_host") == [false])
        }
    }

    @Test("A host that is slower than the others is held against itself")
    func slowHost() async throws {
        try await TestService.with { service in
            // Beta's only one took 300 s: of a single length that is every percentile.
            try await service.append(
                Self.usual("lab@alpha") + [
                    Self.since(111, "creating", 0, host: "lab@beta"),
                    Self.since(111, "active", 300, host: "lab@beta"),
                    Self.since(112, "creating", 750, host: "lab@beta"), Self.since(113, "creating", 750),
                    Self.since(114, "creating", 699, host: "lab@beta"),
                ])
            let servers = try await stuck(service, at: 1000, "floor=1s")
            // 301 s on beta, and 250 s on alpha; not 250 s on beta.
            #expect(numbers(servers) == [114, 113])
            #expect(servers.column("usual_s") == [300, 100])
            #expect(servers.column("compared") == [1, 101])
        }
    }

    @Test("Where nobody has completed such a visit anywhere, the floor alone counts")
    func nobody() async throws {
        try await TestService.with { service in
            try await service.append(
                Self.usual("lab@alpha") + [
                    Self.since(111, "server_migrating", 399), Self.since(112, "server_migrating", 401),
                ])
            let servers = try await stuck(service, at: 1000, "")
            #expect(numbers(servers) == [111])
            #expect(servers.column("age_s") == [601])
            #expect(servers.column("usual_s") == [.null])
            #expect(servers.column("compared") == [0])
            #expect(servers.column("is_by_host") == [false])
        }
    }

    @Test("Every transitional status may be stuck in, and no other")
    func statuses() async throws {
        try await TestService.with { service in
            // Source: design, classes of statuses.
            let transitional = [
                "creating", "deleting", "manage_starting", "unmanage_starting", "network_change", "server_migrating",
                "server_migrating_to",
            ]
            let others = ["active", "error", "manage_error", "inactive", "absent", "shiny"]
            try await service.append(
                zip(1..., transitional + others).map { try Self.since($0, $1, Double($0)) })
            #expect(numbers(try await stuck(service, at: 2000, "")) == Array(1...7))
        }
    }

    @Test("At a moment of the past, servers are as stuck as they were then, by what had been completed by then")
    func past() async throws {
        try await TestService.with { service in
            // 1 took from 0 to 50, and 2, which was stuck at 200 for 100 s, went on at 500, after 400 s.
            try await service.append([
                Self.since(1, "creating", 0), Self.since(1, "active", 50), Self.since(2, "creating", 100),
                Self.since(2, "active", 500), Self.since(3, "creating", 1000),
            ])
            let then = try await stuck(service, at: 200, "floor=1s")
            #expect(numbers(then) == [2])
            #expect(then.column("age_s") == [100])
            #expect(then.column("usual_s") == [50])
            #expect(then.column("compared") == [1])
            #expect(numbers(try await stuck(service, at: 150, "floor=1s")) == [])
            #expect(numbers(try await stuck(service, at: 499.999999, "floor=1s")) == [2])
            #expect(numbers(try await stuck(service, at: 500, "floor=1s")) == [])
            #expect(numbers(try await stuck(service, at: 99, "floor=1s")) == [])
            // 3 is 401 s old at 1401. Of 50 and 400 s the 99th percentile is 50 + 0.99 × 350 = 396.5 s.
            let later = try await stuck(service, at: 1401, "floor=1s")
            #expect(numbers(later) == [3])
            #expect(later.column("usual_s") == [396.5])
        }
    }

    @Test("Only visits that ended lately are compared with")
    func compared() async throws {
        try await TestService.with { service in
            // They ended at 50 and at 1400, after 50 and 300 s. At 2000 that was 1950 and 600 s ago.
            try await service.append([
                Self.since(1, "creating", 0), Self.since(1, "active", 50), Self.since(2, "creating", 1100),
                Self.since(2, "active", 1400), Self.since(3, "creating", 1900),
            ])
            #expect(numbers(try await stuck(service, at: 2000, "floor=1s&compared=20m")) == [])
            #expect(numbers(try await stuck(service, at: 2000, "floor=1s&compared=1m")) == [3])
            // 3 at 2201 is 301 s old.
            let servers = try await stuck(service, at: 2201, "floor=1s&compared=20m")
            #expect(servers.column("usual_s") == [300])
            #expect(servers.column("compared") == [1])
            #expect(try await service.good("/v1/stuck?compared=20m")["compared_s"] == 1200)
            // 90 × 86,400 s.
            #expect(try await service.good("/v1/stuck")["compared_s"] == 7_776_000)
        }
    }

    @Test("A server that is stuck is listed with the call that began it")
    func cause() async throws {
        try await TestService.with { service in
            try await service.append([
                Self.since(1, "active", 10), Sample.call(Sample.server(1), "delete", 409, at: 19),
                Sample.call(
                    Sample.server(1), "delete", 202, at: 20,
                    ["request_id": "req-delete", "actor": ["user_id": "bob"]]),
                Sample.status(Sample.server(1), "deleting", at: 22, notBefore: 18),
                Sample.call(Sample.server(1), "delete", 202, at: 30),
            ])
            let server = try #require(try await stuck(service, at: 1000, "").first)
            #expect(server.at("cause.request_id") == "req-delete")
            #expect(server.at("cause.actor.user_id") == "bob")
            #expect(server["not_before"] == .string(Sample.text(18)))
            // From 22 to 1000.
            #expect(server["age_s"] == 978)
        }
    }

    @Test(
        "Stuck servers are filtered by host and project",
        arguments: [
            ("", [1, 2, 3]), ("host=lab%40alpha", [1, 2]), ("host=lab%40beta", [3]), ("project_id=p1", [1, 3]),
            ("host=lab%40alpha&project_id=p2", [2]), ("host=lab", []), ("project_id=p3", []),
        ])
    func filters(query: String, expected: [Int]) async throws {
        try await TestService.with { service in
            try await service.append([
                Self.since(1, "creating", 10), Self.since(2, "deleting", 20, project: "p2"),
                Self.since(3, "creating", 30, host: "lab@beta"),
            ])
            #expect(numbers(try await stuck(service, at: 1000, query)) == expected)
        }
    }
}
