import DatabaseTesting
import HTTPTypes
import ShareServers
import Testing

/// Manila's own shapes below `/v2`.
@Suite(.log) struct ManilaTests {
    private static let version = HTTPField.Name("X-OpenStack-Manila-API-Version")!
    private static let requestID = HTTPField.Name("x-openstack-request-id")!

    /// What a show of every field says.
    private static let attributes: [String: JSON] = [
        "host": "lab@alpha", "project_id": "p1", "share_network_id": "n1", "share_network_name": "net",
        "share_network_subnet_ids": ["s1", "s2"], "identifier": "backend-7", "is_auto_deletable": true,
        "task_state": .null, "source_share_server_id": .null, "security_service_update_support": true,
        "network_allocation_update_support": false, "encryption_key_ref": .null,
        "created_at": "2026-11-23T08:00:00.000000Z", "updated_at": "2026-11-23T08:30:00.250000Z",
    ]

    /// Alpha is active, beta in error on another host, the third gone, the fourth named by calls alone.
    private func fill(_ service: TestService) async throws {
        try await service.append([
            Sample.status(Sample.alpha, "active", at: 1, Self.attributes),
            Sample.details(Sample.alpha, ["ip": "10.0.0.1"], at: 2),
            Sample.details(Sample.alpha, ["ip": "10.0.0.2", "subnets": "[{\"a\": 1}]"], at: 3),
            Sample.status(Sample.beta, "error", at: 1, ["host": "lab@beta", "project_id": "p2"]),
            Sample.status(Sample.server(3), "active", at: 1), Sample.status(Sample.server(3), "absent", at: 2),
            Sample.call(Sample.server(4), "delete", 404, at: 1),
        ])
    }

    /// The fields of a minor version, as `Fields` of Manila's API has them.
    private func fields(_ minor: Int) -> Set<String> {
        var fields: Set = [
            "id", "project_id", "updated_at", "status", "host", "share_network_name", "share_network_id",
        ]
        if minor >= 49 { fields.formUnion(["is_auto_deletable", "identifier"]) }
        if (51...69).contains(minor) { fields.insert("share_network_subnet_id") }
        if minor >= 57 { fields.formUnion(["task_state", "source_share_server_id"]) }
        if minor >= 63 { fields.insert("security_service_update_support") }
        if minor >= 70 { fields.formUnion(["share_network_subnet_ids", "network_allocation_update_support"]) }
        if minor >= 90 { fields.insert("encryption_key_ref") }
        return fields
    }

    @Test("Every microversion has its fields, is echoed, and is the same with and without a project")
    func microversions() async throws {
        try await TestService.with { service in
            try await fill(service)
            let versions = (0...99).map { ("2.\($0)" as String?, $0) } + [(nil, 0), ("latest", 99)]
            for (header, minor) in versions {
                var headers = HTTPFields()
                headers[Self.version] = header
                let list = try await service.get("/v2/share-servers", headers)
                let servers = list.json["share_servers"]?.array ?? []
                #expect(servers.map { $0["id"] } == [.string(Sample.alpha.lower), .string(Sample.beta.lower)])
                for server in servers { #expect(Set((server.object ?? [:]).keys) == fields(minor), "2.\(minor)") }
                let show = try await service.get("/v2/share-servers/\(Sample.alpha.lower)", headers)
                let shown = show.json["share_server"]?.object ?? [:]
                #expect(Set(shown.keys) == fields(minor).union(["created_at", "backend_details"]))
                let details = try await service.get("/v2/share-servers/\(Sample.alpha.lower)/details", headers)
                for (answer, path) in [
                    (list, ""), (show, "/\(Sample.alpha.lower)"), (details, "/\(Sample.alpha.lower)/details"),
                ] {
                    #expect(answer.headers[Self.version] == "2.\(minor)")
                    #expect(answer.headers[.vary]?.lowercased().contains("x-openstack-manila-api-version") == true)
                    #expect(answer.headers[Self.requestID]?.wholeMatch(of: #/req-[0-9a-f-]{36}/#) != nil)
                    #expect(try await service.get("/v2/5082bb06/share-servers\(path)", headers).json == answer.json)
                }
            }
        }
    }

    @Test("A show has what was last seen, in Manila's way of writing")
    func show() async throws {
        try await TestService.with { service in
            try await fill(service)
            let answer = try await service.get("/v2/share-servers/\(Sample.alpha.lower)", [Self.version: "2.99"])
            var expected = Self.attributes
            expected["id"] = .string(Sample.alpha.lower)
            expected["status"] = "active"
            // UTC without saying so, and a fraction only where there is one.
            expected["created_at"] = "2026-11-23T08:00:00"
            expected["updated_at"] = "2026-11-23T08:30:00.250000"
            expected["backend_details"] = ["ip": "10.0.0.2", "subnets": "[{\"a\": 1}]"]
            #expect(answer.json == ["share_server": .object(expected)])
            let single = try await service.get("/v2/share-servers/\(Sample.alpha.lower)", [Self.version: "2.60"])
            #expect(single.json.at("share_server.share_network_subnet_id") == "s1")
            let details = try await service.get("/v2/share-servers/\(Sample.alpha.lower)/details")
            #expect(details.json == ["details": expected["backend_details"]!])
            // What was never seen is null, and details are empty.
            let bare = try await service.get("/v2/share-servers/\(Sample.beta.lower)", [Self.version: "2.60"])
            #expect(bare.json.at("share_server.share_network_subnet_id") == .null)
            #expect(bare.json.at("share_server.created_at") == .null)
            #expect(bare.json.at("share_server.backend_details") == [:])
        }
    }

    @Test(
        "The list is filtered as Manila says that it is, and what is unknown is passed over",
        arguments: [
            ("", [1, 2]), ("status=error", [2]), ("status=absent", []), ("host=lab%40alpha", [1]), ("host=x", []),
            ("project_id=p2", [2]), ("share_network_id=n1", [1]), ("share_network=net", [1]), ("share_network=n1", [1]),
            ("share_network_subnet_id=s2", [1]), ("share_network_subnet_id=s", []), ("identifier=backend-7", [1]),
            ("id=\(Sample.server(2).lower)", [2]), ("id=x", []), ("source_share_server_id=x", []),
            ("status=active&host=lab%40beta", []), ("bogus=1", [1, 2]), ("project_id=p1&bogus=2&status=active", [1]),
        ])
    func filters(query: String, expected: [Int]) async throws {
        try await TestService.with { service in
            try await fill(service)
            let answer = try await service.good("/v2/p9/share-servers?\(query)")
            #expect(
                answer["share_servers"]?.column("id") == expected.map { .string(Sample.server($0).lower) })
        }
    }

    @Test("A filter that holds a NUL is refused in Manila's words", arguments: ["host", "status", "id", "bogus"])
    func nul(name: String) async throws {
        try await TestService.with { service in
            let answer = try await service.get("/v2/share-servers?\(name)=a%00b")
            #expect(answer.status == 400)
            #expect(answer.json.at("badRequest.message") == .string("Filter \(name) holds a NUL character."))
        }
    }

    @Test("A server that is gone, was never seen, or whose id is none, is not found in Manila's words")
    func notFound() async throws {
        try await TestService.with { service in
            try await fill(service)
            let ids = [Sample.server(3).lower, Sample.server(4).lower, Sample.server(5).lower, "x", "1'", "%C3%A9"]
            for id in ids {
                for path in [
                    "/v2/share-servers/\(id)", "/v2/p1/share-servers/\(id)", "/v2/share-servers/\(id)/details",
                ] {
                    let answer = try await service.get(path, [Self.version: "2.99"])
                    #expect(answer.status == 404)
                    let name = id.replacing("%C3%A9", with: "é")
                    #expect(
                        answer.json == [
                            "itemNotFound": [
                                "code": 404, "message": .string("Share server \(name) could not be found."),
                            ]
                        ])
                    #expect(answer.headers[Self.requestID]?.hasPrefix("req-") == true)
                }
            }
        }
    }

    @Test("A list of more servers than are fetched at once is whole")
    func long() async throws {
        try await TestService.with { service in
            try await service.append((1...2001).map { try Sample.status(Sample.server($0), "active", at: Double($0)) })
            let answer = try await service.good("/v2/share-servers")
            #expect(
                answer["share_servers"]?.column("id").compactMap(\.string) == (1...2001).map { Sample.server($0).lower }
            )
        }
    }
}
