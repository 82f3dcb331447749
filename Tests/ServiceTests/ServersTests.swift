import DatabaseTesting
import FoundationEssentials
import ShareServers
import Testing

/// `GET /v1/servers`.
@Suite(.log) struct ServersTests {
    /// Five servers, as they are from second 100 on and as they were before.
    ///
    /// 1: active on alpha. 2: active, then error on alpha. 3: creating on beta, without a project. 4: active, then
    /// absent. 5: inactive, with what a URL has to escape. 6 is named by a call and was never seen.
    private func fill(_ service: TestService) async throws {
        let odd = "lab@alpha#pool & co=1+é"
        try await service.append([
            Sample.status(
                Sample.server(1), "active", at: 10,
                ["host": "lab@alpha", "project_id": "p1", "share_network_id": "n1"]),
            Sample.status(
                Sample.server(2), "active", at: 20,
                ["host": "lab@beta", "project_id": "p1", "share_network_id": "n2"]),
            Sample.status(Sample.server(2), "error", at: 100, ["host": "lab@alpha"]),
            Sample.status(Sample.server(3), "creating", at: 30, ["host": "lab@beta", "project_id": .null]),
            Sample.status(Sample.server(4), "active", at: 40, ["host": "lab@alpha", "project_id": "p2"]),
            Sample.status(Sample.server(4), "absent", at: 100),
            Sample.status(Sample.server(5), "inactive", at: 50, ["host": .string(odd), "project_id": "p2"]),
            Sample.call(Sample.server(6), "delete", 404, at: 60),
        ])
    }

    /// The numbers of the servers that are answered, in order.
    private func numbers(_ json: JSON) -> [Int?] {
        (json["servers"]?.column("id") ?? []).map { id in
            (1...6).first { Sample.server($0).lower == id.string }
        }
    }

    @Test(
        "Servers are filtered by what they are now",
        arguments: [
            ("", [1, 2, 3, 4, 5]), ("status=active", [1]), ("status=absent", [4]), ("status=nonsense", []),
            ("class=serving", [1]), ("class=failed", [2]), ("class=transitional", [3]), ("class=other", [5]),
            ("class=absent", [4]), ("host=lab%40alpha", [1, 2, 4]), ("host=lab%40beta", [3]), ("host=lab", []),
            ("host=lab%40alpha%23pool%20%26%20co%3D1%2B%C3%A9", [5]), ("project_id=p1", [1, 2]),
            ("project_id=p2", [4, 5]), ("share_network_id=n1", [1]), ("share_network_id=n2", [2]),
            ("status=error&host=lab%40alpha&project_id=p1&share_network_id=n2&class=failed", [2]),
            ("status=active&class=failed", []),
        ])
    func filters(query: String, expected: [Int]) async throws {
        try await TestService.with { service in
            try await fill(service)
            let answer = try await service.good("/v1/servers?\(query)")
            #expect(numbers(answer) == expected)
            #expect(answer["next_cursor"] == .null)
        }
    }

    @Test(
        "Servers are filtered by what they were at a moment",
        arguments: [
            // Nobody had been seen; then each from its own second on, that second included.
            (9.999999, "", []), (10, "", [1]), (20, "", [1, 2]), (99.999999, "", [1, 2, 3, 4, 5]),
            (99.999999, "status=active", [1, 2, 4]), (100, "status=active", [1]), (99, "class=serving", [1, 2, 4]),
            (100, "class=absent", [4]), (99, "class=absent", []), (99, "host=lab%40beta", [2, 3]),
            (100, "host=lab%40beta", [3]), (99, "host=lab%40alpha", [1, 4]), (100, "host=lab%40alpha", [1, 2, 4]),
            (99, "project_id=p1", [1, 2]), (35, "project_id=p2", []), (99, "share_network_id=n2", [2]),
            // The future is as the present.
            (1_000_000_000, "", [1, 2, 3, 4, 5]), (1_000_000_000, "class=failed", [2]),
        ] as [(Double, String, [Int])])
    func filtersAtAMoment(second: Double, query: String, expected: [Int]) async throws {
        try await TestService.with { service in
            try await fill(service)
            let answer = try await service.good("/v1/servers?at=\(Sample.text(second))&\(query)")
            #expect(numbers(answer) == expected)
        }
    }

    @Test("A moment may be written with any offset")
    func offsets() async throws {
        try await TestService.with { service in
            try await fill(service)
            // 09:01:30Z each time: 90 seconds in.
            for moment in [
                "2026-11-23T09:01:30Z", "2026-11-23T11:01:30%2B02:00", "2026-11-23T11:01:30+02:00",
                "2026-11-23T11:01:30%2b02:00", "2026-11-23T04:31:30-04:30", "2026-11-23t09%3A01%3A30.000000999z",
            ] {
                let answer = try await service.good("/v1/servers?status=active&at=\(moment)")
                #expect(numbers(answer) == [1, 2, 4], "\(moment)")
            }
        }
    }

    @Test("What a page says of a server is what is said of it alone, now and at any moment")
    func pageAndSingleAgree() async throws {
        try await TestService.with(lanes: 1) { service in
            try await fill(service)
            try await service.append(Sample.life(of: Sample.server(7)))
            for query in ["", "?at=\(Sample.text(15))", "?at=\(Sample.text(50))", "?at=\(Sample.text(100))"] {
                let page = try #require(try await service.good("/v1/servers\(query)")["servers"]?.array)
                #expect(!page.isEmpty)
                for server in page {
                    let id = try #require(server["id"]?.string)
                    #expect(try await service.good("/v1/servers/\(id)\(query)")["server"] == server)
                }
            }
        }
    }

    @Test("A log without events has no servers")
    func empty() async throws {
        try await TestService.with { service in
            for query in [
                "", "?at=2026-11-23T09:00:00Z", "?at=0001-01-01T00:00:00Z", "?at=9999-12-31T23:59:59.999999Z",
            ] {
                let answer = try await service.good("/v1/servers\(query)")
                #expect(answer["servers"] == [])
                #expect(answer["next_cursor"] == .null)
            }
        }
    }
}
