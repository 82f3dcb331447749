import DatabaseTesting
import FoundationEssentials
import ShareServers
import Testing

/// `GET /v1/servers/{id}`.
@Suite(.log) struct ServerTests {
    private static let actor: JSON = ["user_id": "bob", "project_id": "admin"]

    /// The reset of `Sample.life`, as an answer refers to it.
    private static let reset: JSON = [
        "lane": 0, "position": 5, "at": "2026-11-23T09:00:10.000000Z",
        "type": "org.openstack.manila.share_server.call", "operation": "reset_status", "http_status": 202,
        "request_id": "req-reset", "actor": actor,
    ]

    /// The refused deletion.
    private static let refusal: JSON = [
        "lane": 0, "position": 7, "at": "2026-11-23T09:00:20.000000Z",
        "type": "org.openstack.manila.share_server.call", "operation": "delete", "http_status": 409,
        "request_id": "req-delete", "actor": ["user_id": "bob", "user_name": "Bob"],
        "fault": ["code": 409, "message": "in use"],
    ]

    @Test("A server is told with its status, its bounds, its attributes, its cause and its last calls")
    func now() async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            let server = try await service.good("/v1/servers/\(Sample.alpha.lower)")["server"]
            #expect(
                server == [
                    "id": .string(Sample.alpha.lower), "lane": 0, "status": "error", "class": "failed",
                    "since": "2026-11-23T09:00:11.500000Z", "not_before": "2026-11-23T09:00:09.000000Z",
                    "entry": ["lane": 0, "position": 6],
                    "attributes": [
                        "host": "lab@beta", "project_id": "p1", "share_network_id": "n1", "task_state": .null,
                        "identifier": "backend-7",
                    ],
                    "host": "lab@beta", "project_id": "p1", "share_network_id": "n1", "task_state": .null,
                    "cause": Self.reset, "last_call": Self.refusal, "last_error": Self.refusal,
                    "first_seen": "2026-11-23T09:00:01.000000Z", "last_seen": "2026-11-23T09:00:11.500000Z",
                ])
        }
    }

    @Test("At a moment, a server is told as it was, with the end of that visit")
    func atAMoment() async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            let expected: JSON = [
                "id": .string(Sample.alpha.lower), "lane": 0, "status": "active", "class": "serving",
                "since": "2026-11-23T09:00:05.000000Z", "not_before": "2026-11-23T09:00:04.000000Z",
                "until": "2026-11-23T09:00:11.500000Z", "entry": ["lane": 0, "position": 2],
                "attributes": [
                    "host": "lab@alpha", "project_id": "p1", "share_network_id": "n1", "task_state": .null,
                    "identifier": "backend-7",
                ],
                "host": "lab@alpha", "project_id": "p1", "share_network_id": "n1", "task_state": .null, "cause": .null,
            ]
            // The first and the last microsecond of the visit.
            for second in [5, 11.499999] {
                let answer = try await service.good("/v1/servers/\(Sample.alpha.lower)?at=\(Sample.text(second))")
                #expect(answer["server"] == expected)
            }
        }
    }

    @Test("Moments have a server's status from the visit's beginning up to its end")
    func halfOpen() async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            let moments: [(Double, status: String?, until: Double?)] = [
                (0.5, nil, nil), (0.999999, nil, nil), (1, "creating", 5), (4.999999, "creating", 5),
                (5, "active", 11.5), (11.499999, "active", 11.5), (11.5, "error", nil), (1_000_000_000, "error", nil),
            ]
            for (second, status, until) in moments {
                let answer = try await service.get("/v1/servers/\(Sample.alpha.lower)?at=\(Sample.text(second))")
                guard let status else {
                    #expect(answer.isProblem(404), "\(second): \(answer)")
                    continue
                }
                #expect(answer.json.at("server.status") == .string(status), "\(second)")
                #expect(answer.json.at("server.until") == until.map { .string(Sample.text($0)) } ?? .null, "\(second)")
            }
            let manage = try await service.good("/v1/servers/\(Sample.alpha.lower)?at=\(Sample.text(2))")
            #expect(manage.at("server.cause.position") == 0)
            #expect(manage.at("server.cause.operation") == "manage")
        }
    }

    @Test("A server that only calls have named has no status")
    func neverSeen() async throws {
        try await TestService.with { service in
            try await service.append([Sample.call(Sample.beta, "delete", 404, at: 3, ["request_id": "req-1"])])
            let server = try await service.good("/v1/servers/\(Sample.beta.lower)")["server"]
            #expect(server?["status"] == .null)
            #expect(server?["class"] == .null)
            #expect(server?["since"] == .null)
            #expect(server?["entry"] == .null)
            #expect(server?["attributes"] == [:])
            #expect(server?.at("last_error.request_id") == "req-1")
            #expect(try await service.get("/v1/servers/\(Sample.beta.lower)?at=\(Sample.text(9))").isProblem(404))
        }
    }

    @Test("A server that no event has named is not found")
    func unknown() async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            for query in ["", "?at=\(Sample.text(50))"] {
                let answer = try await service.get("/v1/servers/\(Sample.beta.lower)\(query)")
                #expect(answer.isProblem(404))
                #expect(answer.json["detail"]?.string?.contains(Sample.beta.lower) == true)
            }
        }
    }

    @Test(
        "An id that is no UUID is refused",
        arguments: [
            "x", "1", "8c041935231e405aa0d2d5b0acdceb46", "8c041935-231e-405a-a0d2-d5b0acdceb4",
            "8c041935-231e-405a-a0d2-d5b0acdceb466", "8c041935-231e-405a-a0d2-d5b0acdceb4g",
            "%7B8c041935-231e-405a-a0d2-d5b0acdceb46%7D", "'%20or%20'1'%3D'1", "null",
        ])
    func noUUID(id: String) async throws {
        try await TestService.with { service in
            for uri in ["/v1/servers/\(id)", "/v1/servers/\(id)/history"] {
                let answer = try await service.get(uri)
                #expect(answer.isProblem(400), "\(uri): \(answer)")
            }
        }
    }

    // Source: RFC 3986, section 2.3: what need not be escaped is the same when it is.
    @Test("An id may be written in capitals, or escaped")
    func otherSpellings() async throws {
        try await TestService.with { service in
            let server = try #require(UUID(uuidString: "8c041935-231e-405a-a0d2-d5b0acdceb46"))
            try await service.append(Sample.life(of: server))
            for id in [server.uuidString, "8c041935%2D231e%2D405a%2da0d2%2Dd5b0acdceb46"] {
                for (uri, path) in [("", "server.id"), ("/history", "server_id")] {
                    let answer = try await service.get("/v1/servers/\(id)\(uri)")
                    #expect(answer.json.at(path) == "8c041935-231e-405a-a0d2-d5b0acdceb46", "\(id)\(uri): \(answer)")
                }
            }
        }
    }
}
