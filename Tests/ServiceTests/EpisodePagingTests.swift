import DatabaseTesting
import EventLog
import FoundationEssentials
import ShareServers
import Testing

/// `GET /v1/errors`: episodes and failed calls together, which of them, and how they are paged.
@Suite(.log) struct EpisodePagingTests {
    /// Server 1 fails from 20 to 30 and from 50 on, 2 from 25 to 60, 3 never. Calls fail at 25, 40, 50 and 70; those at 15
    /// and 45 do not.
    private static func fleet() throws -> [Event] {
        let (one, two, three) = (Sample.server(1), Sample.server(2), Sample.server(3))
        let fault: JSON = ["code": 409, "message": "in use"]
        return [
            try Sample.status(one, "active", at: 10, ["host": "lab@alpha", "project_id": "p1"]),
            try Sample.status(two, "active", at: 10, ["host": "lab@beta", "project_id": "p2"]),
            try Sample.status(three, "active", at: 10, ["host": "lab@alpha", "project_id": "p1"]),
            try Sample.call(three, "delete", 302, at: 15),
            try Sample.status(one, "error", at: 20), try Sample.status(two, "error", at: 25),
            try Sample.call(three, "delete", 409, at: 25, ["fault": fault, "actor": ["project_id": "p1"]]),
            try Sample.status(one, "active", at: 30),
            try Sample.call(nil, "manage", 400, at: 40, ["request": ["share_server": ["host": "lab@beta"]]]),
            try Sample.call(three, "show", 200, at: 45), try Sample.status(one, "error", at: 50),
            try Sample.call(one, "unmanage", 500, at: 50), try Sample.status(two, "active", at: 60),
            try Sample.call(three, "show", 404, at: 70, ["actor": ["project_id": "p2"]]),
        ]
    }

    /// What is answered, as `e` or `c` and the second.
    private func told(_ errors: [JSON]) -> [String] {
        errors.map { error in
            let second = (0...200).first { .string(Sample.text(Double($0))) == error["at"] } ?? -1
            return "\(error["kind"]?.string?.prefix(1) ?? "-")\(second)"
        }
    }

    private func told(_ service: TestService, _ query: String) async throws -> [String] {
        told(try #require(try await service.good("/v1/errors?\(query)")["errors"]?.array))
    }

    private static let all = ["e20", "e25", "c25", "c40", "e50", "c50", "c70"]

    @Test("Episodes and failed calls come in one order of time, or one kind of them alone")
    func kinds() async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let window = Sample.window(0, 1000)
            #expect(try await told(service, window) == Self.all)
            #expect(try await told(service, "\(window)&kind=all") == Self.all)
            #expect(try await told(service, "\(window)&kind=episode") == ["e20", "e25", "e50"])
            #expect(try await told(service, "\(window)&kind=call") == ["c25", "c40", "c50", "c70"])
            #expect(try await service.get("/v1/errors?kind=episodes").isProblem(400, parameter: "kind"))
        }
    }

    @Test("A failed call is told with its fault and by whom it was made")
    func failedCall() async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let call = try await service.good("/v1/errors?\(Sample.window(25, 26))&kind=call").at("errors.0")
            #expect(call?["server_id"] == .string(Sample.server(3).lower))
            #expect(call?["entry"] == ["lane": 0, "position": 6])
            #expect(call?["project_id"] == "p1")
            #expect(call?.at("call.operation") == "delete")
            #expect(call?.at("call.http_status") == 409)
            #expect(call?.at("call.fault") == ["code": 409, "message": "in use"])
            let manage = try await service.good("/v1/errors?\(Sample.window(40, 41))&kind=call").at("errors.0")
            #expect(manage?["server_id"] == .null)
            #expect(manage?["host"] == "lab@beta")
        }
    }

    @Test(
        "An episode is listed where it overlaps the half-open window, a call where it lies in it",
        arguments: [
            // The episodes are [20, 30), [25, 60) and [50, …).
            (0, 20, []), (0, 20.000001, ["e20"]), (30, 40, ["e25"]), (29.999999, 40, ["e20", "e25"]),
            (60, 70, ["e50"]), (59.999999, 70, ["e25", "e50"]), (60, 70.000001, ["e50", "c70"]),
            (25, 25.000001, ["e20", "e25", "c25"]), (25.000001, 40, ["e20", "e25"]), (40, 50, ["e25", "c40"]),
            (200, 300, ["e50"]),
        ] as [(Double, Double, [String])])
    func windows(from: Double, until: Double, expected: [String]) async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            #expect(try await told(service, Sample.window(from, until)) == expected)
        }
    }

    @Test(
        "Errors are filtered by server, host and project",
        arguments: [
            ("server_id=\(Sample.server(1).lower)", ["e20", "e50", "c50"]),
            ("server_id=\(Sample.server(3).lower)", ["c25", "c70"]), ("server_id=\(Sample.server(9).lower)", []),
            // An episode is of the server's project, a call of its caller's.
            ("project_id=p1", ["e20", "c25", "e50"]), ("project_id=p2", ["e25", "c70"]), ("project_id=p3", []),
            ("host=lab%40alpha&kind=episode", ["e20", "e50"]), ("host=lab%40beta&kind=episode", ["e25"]),
            ("host=lab%40beta&project_id=p1", []), ("host=lab", []),
        ])
    func filters(query: String, expected: [String]) async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            #expect(try await told(service, "\(Sample.window(0, 1000))&\(query)") == expected)
        }
    }

    @Test("A failed call is of the host that it names, else of the one on which its server was")
    func hostOfCalls() async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let query = "\(Sample.window(0, 1000))&kind=call"
            #expect(try await told(service, "\(query)&host=lab%40beta") == ["c40"])
            #expect(try await told(service, "\(query)&host=lab%40alpha") == ["c25", "c50", "c70"])
        }
    }

    @Test("Paging meets every episode and every failed call once, in order", arguments: [1, 2, 3, 7])
    func paging(limit: Int) async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let pages = try await service.pages("/v1/errors?\(Sample.window(0, 1000))&limit=\(limit)", of: "errors")
            #expect(told(pages.flatMap { $0 }) == Self.all)
            #expect(pages.dropLast().allSatisfy { $0.count == limit })
            let calls = try await service.pages(
                "/v1/errors?\(Sample.window(0, 1000))&limit=\(limit)&kind=call", of: "errors")
            #expect(told(calls.flatMap { $0 }) == ["c25", "c40", "c50", "c70"])
        }
    }

    @Test("Servers that failed more than once in the window are named, the most often failed first")
    func offenders() async throws {
        try await TestService.with { service in
            // 1 fails from 20 to 30 and from 40 to 45: 15 s. 2 three times for 1 s. 3 once. 4 from 20 to 25 and from
            // 50 on: 5 s + 50 s up to 100.
            let lives: [[(String, Double)]] = [
                [("error", 20), ("active", 30), ("error", 40), ("active", 45)],
                [("error", 20), ("active", 21), ("error", 30), ("active", 31), ("error", 40), ("active", 41)],
                [("error", 20), ("manage_error", 30), ("active", 40)], [("error", 20), ("active", 25), ("error", 50)],
            ]
            for (number, life) in zip(1..., lives) {
                try await service.append(
                    [Sample.status(Sample.server(number), "active", at: 10, ["host": "lab@alpha"])]
                        + life.map { try Sample.status(Sample.server(number), $0.0, at: $0.1) })
            }
            func offenders(_ query: String) async throws -> [[JSON]]? {
                try await service.good("/v1/errors?\(query)")["repeat_offenders"]?.array?.map { offender in
                    [offender["server_id"], offender["episodes"], offender["failed_s"], offender["host"]]
                        .map { $0 ?? .null }
                }
            }
            func row(_ number: Int, _ episodes: JSON, _ seconds: JSON) -> [JSON] {
                [.string(Sample.server(number).lower), episodes, seconds, "lab@alpha"]
            }
            let expected = [row(2, 3, 3), row(4, 2, 55), row(1, 2, 15)]
            #expect(try await offenders(Sample.window(0, 100)) == expected)
            #expect(try await offenders("\(Sample.window(0, 100))&kind=episode") == expected)
            // Of [25, 50) only what began in it: two of 2, one of each other.
            #expect(try await offenders(Sample.window(25, 50)) == [row(2, 2, 2)])
            #expect(try await offenders("\(Sample.window(0, 100))&host=lab%40beta") == [])
        }
    }

    @Test("Offenders stand beside the first page alone")
    func offendersOnce() async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let first = try await service.get("/v1/errors?\(Sample.window(0, 1000))&limit=2")
            #expect(first.json["repeat_offenders"]?.array?.count == 1)
            #expect(try await service.good(#require(first.next))["repeat_offenders"] == nil)
        }
    }
}

/// The same in a log of several lanes.
@Suite(.database) struct EpisodeLaneTests {
    @Test("Paging meets each once where many fail at once in several lanes", arguments: [1, 2, 3])
    func lanes(limit: Int) async throws {
        try await TestService.with(lanes: 3) { service in
            let receipts = try await service.append(
                (1...9).flatMap { number in
                    [
                        try Sample.status(Sample.server(number), "error", at: 20),
                        try Sample.call(Sample.server(number), "delete", 500, at: 20),
                    ]
                })
            #expect(Set(receipts.map(\.position.lane)).count == 3)
            let expected = receipts.map(\.position).sorted().map { [Int($0.lane.number), Int($0.index)] }
            let pages = try await service.pages("/v1/errors?\(Sample.window(0, 100))&limit=\(limit)", of: "errors")
            #expect(
                pages.joined().map { [$0.at("entry.lane")?.int ?? -1, $0.at("entry.position")?.int ?? -1] } == expected)
            #expect(pages.dropLast().allSatisfy { $0.count == limit })
        }
    }
}
