import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// `known_at`: what Dossier had recorded by a moment, or by a position.
@Suite(.log) struct KnownAtTests {
    private let uri = "/v1/servers/\(Sample.alpha.lower)"

    /// What was first known: alpha is made at 10 and in use from 20; beta is in use. Then, late: alpha had failed at 15, the
    /// deletion of 25 made it go at 30, and beta is on another host.
    private static func first() throws -> [Event] {
        [
            try Sample.status(Sample.alpha, "creating", at: 10, ["host": "lab@alpha", "project_id": "p1"]),
            try Sample.status(Sample.alpha, "active", at: 20),
            try Sample.status(Sample.beta, "active", at: 20, ["host": "lab@alpha"]),
        ]
    }
    private static func late() throws -> [Event] {
        [
            try Sample.status(Sample.alpha, "error", at: 15), try Sample.call(Sample.alpha, "delete", 202, at: 25),
            try Sample.status(Sample.alpha, "absent", at: 30),
            try Sample.status(Sample.beta, "active", at: 25, ["host": "lab@beta"]),
        ]
    }

    /// When the last entry so far was recorded.
    private func recorded(_ service: TestService, _ position: Int) async throws -> Timestamp {
        let text = try await service.good("/v1/events/0/\(position)").at("entry.recorded")?.string
        return try #require(text.flatMap { Timestamp($0) })
    }

    /// Appends both parts; as of the first of them, as a position and as the moment when it was recorded.
    private func fill(_ service: TestService) async throws -> [String] {
        try await service.append(Self.first())
        try await service.append(Self.late())
        let moment = try await recorded(service, 2)
        #expect(try await recorded(service, 3) > moment)
        return ["3", moment.description, try await recorded(service, 3).advanced(by: .microseconds(-1)).description]
    }

    private func statuses(_ json: JSON) -> [JSON] { json["servers"]?.column("status") ?? [] }

    @Test("Servers are told as they were known, not as they are known now")
    func servers() async throws {
        try await TestService.with { service in
            for known in try await fill(service) {
                let answer = try await service.good("/v1/servers?known_at=\(known)")
                #expect(statuses(answer) == ["active", "active"], "\(known)")
                #expect(answer["servers"]?.column("host") == ["lab@alpha", "lab@alpha"])
                #expect(answer.at("as_of.positions.0.size") == 3)
                for (query, count) in [("status=absent", 0), ("host=lab%40beta", 0), ("class=serving", 2)] {
                    let found = try await service.good("/v1/servers?known_at=\(known)&\(query)")
                    #expect(found["servers"]?.array?.count == count, "\(query)")
                }
            }
            #expect(statuses(try await service.good("/v1/servers")) == ["absent", "active"])
            for known in ["7", "1000", Timestamp.now.description] {
                let answer = try await service.good("/v1/servers?known_at=\(known)")
                #expect(statuses(answer) == ["absent", "active"])
                #expect(answer.at("as_of.positions.0.size") == 7)
            }
        }
    }

    @Test("A moment of the past is told as it was known, and as it is known now")
    func both() async throws {
        try await TestService.with { service in
            for known in try await fill(service) {
                // At 17, alpha was taken to be creating; that it had failed is known now. Nobody knew of 30.
                for (second, then, now) in [
                    (12, "creating", "creating"), (17, "creating", "error"), (35, "active", "absent"),
                ] {
                    let at = "at=\(Sample.text(Double(second)))"
                    #expect(
                        try await service.good("\(uri)?\(at)&known_at=\(known)").at("server.status") == .string(then))
                    #expect(try await service.good("\(uri)?\(at)").at("server.status") == .string(now))
                    let page = try await service.good("/v1/servers?\(at)&known_at=\(known)")
                    #expect(page.at("servers.0.status") == .string(then))
                }
                let visit = try await service.good("\(uri)?at=\(Sample.text(17))&known_at=\(known)")["server"]
                #expect(visit?["until"] == .string(Sample.text(20)))
            }
        }
    }

    @Test("What an operator saw at a moment is what is asked at it as known at it")
    func whatTheOperatorSaw() async throws {
        try await TestService.with { service in
            // The log's clock is the true one, so that the server's life is told in seconds before now.
            let start = Timestamp.now.advanced(by: .seconds(-100))
            func seen(_ status: String, _ second: Int64) throws -> Event {
                try Event(
                    id: status, source: "/test", type: EventType.status, time: start.advanced(by: .seconds(second)),
                    subject: Sample.alpha.lower, data: ["status": .string(status)])
            }
            try await service.append([seen("active", 10)])
            let moment = try await recorded(service, 0)
            // Later it turns out that it had failed before that moment.
            try await service.append([seen("error", 50)])
            for route in [uri, "/v1/servers"] {
                let path = route == uri ? "server.status" : "servers.0.status"
                #expect(try await service.good("\(route)?at=\(moment)&known_at=\(moment)").at(path) == "active")
                #expect(try await service.good("\(route)?known_at=\(moment)").at(path) == "active")
                #expect(try await service.good("\(route)?at=\(moment)").at(path) == "error")
            }
            let history = try await service.good("\(uri)/history?known_at=\(moment)")
            #expect(history["visits"]?.column("status") == ["active"])
            #expect(history["timeline"]?.column("position") == [0])
        }
    }

    @Test("A history has the entries, the visits and the lengths that were known")
    func history() async throws {
        try await TestService.with { service in
            for known in try await fill(service) {
                let history = try await service.good("\(uri)/history?known_at=\(known)")
                #expect(history["timeline"]?.column("position") == [0, 1])
                #expect(history["visits"]?.column("status") == ["creating", "active"])
                // From 10 to 20.
                #expect(history["visits"]?.column("duration_s") == [10, .null])
                #expect(history["visits"]?.column("until") == [.string(Sample.text(20)), .null])
            }
            let now = try await service.good("\(uri)/history")
            #expect(now["timeline"]?.column("position") == [0, 3, 1, 4, 5])
            #expect(now["visits"]?.column("status") == ["creating", "error", "active", "absent"])
            // 15 − 10, 20 − 15 and 30 − 20.
            #expect(now["visits"]?.column("duration_s") == [5, 5, 10, .null])
        }
    }

    @Test("A history that is paged stays as it was known")
    func paging() async throws {
        try await TestService.with { service in
            for known in try await fill(service) {
                let pages = try await service.pages("\(uri)/history?known_at=\(known)&limit=1", of: "timeline")
                #expect(pages.joined().map { $0["position"] } == [0, 1])
                let servers = try await service.pages("/v1/servers?known_at=\(known)&limit=1", of: "servers")
                #expect(servers.joined().map { $0["status"] } == ["active", "active"])
            }
        }
    }

    @Test("Before anything was recorded, there were no servers")
    func before() async throws {
        try await TestService.with { service in
            _ = try await fill(service)
            for known in ["0", "2026-01-01T00:00:00Z"] {
                #expect(try await service.good("/v1/servers?known_at=\(known)")["servers"] == [])
                #expect(try await service.get("\(uri)?known_at=\(known)").isProblem(404))
            }
        }
    }

    @Test(
        "What is neither a moment nor a position is a problem that names the parameter",
        arguments: [
            "x", "-1", "1.5", "2026-11-23", "2026-11-23T25:00:00Z", "yesterday", "1:5", "0:1,0:2", "0:x", ":", ",",
            "0:",
            "99999999999999999999", "1,2",
        ])
    func malformed(known: String) async throws {
        try await TestService.with { service in
            try await service.append(Self.first())
            for route in ["/v1/servers", uri, "\(uri)/history"] {
                let answer = try await service.get("\(route)?known_at=\(known)")
                #expect(answer.isProblem(400, parameter: "known_at"), "\(route): \(answer)")
            }
        }
    }
}

/// The same in a log of several lanes.
@Suite(.database) struct KnownAtLaneTests {
    @Test("With several lanes, the size of each is given as an answer told them")
    func sizes() async throws {
        try await TestService.with(lanes: 3) { service in
            let events = try (1...12).map { try Sample.status(Sample.server($0), "active", at: 10) }
            try await service.append(events)
            let before = try await service.good("/v1/servers")
            let positions = try #require(before.at("as_of.positions")?.array)
            #expect(positions.count == 3)
            let sizes = positions.map { "\($0["lane"]?.int ?? -1):\($0["size"]?.int ?? -1)" }.joined(separator: ",")
            try await service.append(
                (1...12).flatMap { number in
                    [
                        try Sample.status(Sample.server(number), "error", at: 5),
                        try Sample.status(Sample.server(number), "absent", at: 20),
                    ]
                })
            let then = try await service.good("/v1/servers?known_at=\(sizes)")
            #expect(then["servers"]?.column("id") == before["servers"]?.column("id"))
            #expect(then["servers"]?.column("status") == Array(repeating: "active", count: 12))
            #expect(then.at("as_of.positions")?.column("size") == positions.column("size"))
            // In any order of lanes, and with one lane left at nothing.
            let turned = sizes.split(separator: ",").reversed().joined(separator: ",")
            #expect(try await service.good("/v1/servers?known_at=\(turned)")["servers"] == then["servers"])
            let others = positions.map { "\($0["lane"]?.int ?? 0):\($0["lane"] == 0 ? 0 : $0["size"]?.int ?? 0)" }
            let fewer = try await service.good("/v1/servers?known_at=\(others.joined(separator: ","))")["servers"]
            #expect(fewer?.array == then["servers"]?.array?.filter { $0["lane"] != 0 })

            for bad in ["5", "0:1", "0:1,1:1", "0:1,1:1,2:1,3:1", "0:1,1:1,1:1", "0:1,1:1,2:-1"] {
                let answer = try await service.get("/v1/servers?known_at=\(bad)")
                #expect(answer.isProblem(400, parameter: "known_at"), "\(bad): \(answer)")
            }
        }
    }
}
