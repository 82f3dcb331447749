import DatabaseTesting
import ShareServers
import Testing

/// Queries that are not as they should be: the problem names the parameter.
@Suite(.log) struct ParameterTests {
    private static let history = "/v1/servers/\(Sample.alpha.lower)/history"

    /// What each route takes.
    private static let known: [(route: String, parameters: [String])] = [
        (
            "/v1/servers",
            ["status", "class", "host", "project_id", "share_network_id", "at", "known_at", "limit", "cursor"]
        ),
        ("/v1/servers/\(Sample.alpha.lower)", ["at", "known_at"]),
        (history, ["from", "until", "reads", "known_at", "limit", "cursor"]),
        (
            "/v1/events",
            [
                "server_id", "type", "operation", "status", "actor", "request_id", "project_id", "host", "http_status",
                "from", "until", "lane", "known_at", "limit", "cursor",
            ]
        ), ("/v1/events/0/0", []),
        (
            "/v1/servers/diff",
            ["from", "until", "known_at", "host", "project_id", "share_network_id", "limit", "cursor"]
        ),
        (
            "/v1/metrics/time-in-state",
            [
                "from", "until", "by", "known_at", "server_id", "host", "project_id", "share_network_id", "limit",
                "cursor",
            ]
        ),
        (
            "/v1/metrics/reliability",
            [
                "from", "until", "known_at", "by", "migrating", "confidence", "server_id", "host", "project_id",
                "share_network_id", "limit", "cursor",
            ]
        ),
        (
            "/v1/metrics/capacity",
            ["from", "until", "known_at", "step", "by", "host", "project_id", "share_network_id"]
        ),
        (
            "/v1/metrics/calls",
            ["from", "until", "known_at", "by", "operation", "actor", "server_id", "host", "project_id"]
        ),
        ("/v1/errors", ["from", "until", "known_at", "kind", "server_id", "host", "project_id", "limit", "cursor"]),
        ("/v1/stuck", ["at", "known_at", "floor", "compared", "host", "project_id", "limit"]),
        ("/v1/coverage", ["from", "until", "known_at", "source", "limit", "cursor"]),
        ("/v1/conformance", ["from", "until", "known_at", "server_id", "host", "project_id", "limit", "cursor"]),
    ]

    /// A value that each parameter takes.
    private static let values = [
        "class": "failed", "at": "2026-11-23T10:00:00Z", "from": "2026-11-23T09:00:00Z",
        "until": "2026-11-23T09:00:00Z", "known_at": "2999-01-01T00:00:00Z", "by": "host", "migrating": "up",
        "confidence": "0.95", "step": "1d", "kind": "call", "floor": "1m", "compared": "7d", "limit": "5",
        "reads": "true", "server_id": Sample.alpha.lower,
        "operation": "delete", "http_status": "4xx", "lane": "0",
    ]

    private func fill(_ service: TestService) async throws {
        try await service.append(Sample.life(of: Sample.alpha))
    }

    @Test("The parameters that the document names are taken, and no others", arguments: known)
    func unknown(route: String, parameters: [String]) async throws {
        try await TestService.with { service in
            try await fill(service)
            for name in parameters where name != "cursor" {
                #expect(try await service.get("\(route)?\(name)=\(Self.values[name] ?? "x")").status == 200, "\(name)")
            }
            let template = try #require(Contract.shared.template(of: route))
            let described = Contract.shared.paths[template]?.at("get.parameters")?.array ?? []
            #expect(
                described.filter { $0["in"] == "query" }.compactMap { $0["name"]?.string }.sorted()
                    == parameters.sorted())
            for name in ["order", "offset", "Limit", "limit ", "id", "known", "%6Cimit", "status[]", "'"] {
                let answer = try await service.get("\(route)?\(name.replacing(" ", with: "%20"))=5")
                #expect(answer.status == 400, "\(name)")
                #expect(answer.json["parameter"]?.string != nil, "\(answer)")
            }
            let answer = try await service.get("\(route)?\(String(repeating: "n", count: 5000))=1")
            #expect(answer.status == 400)
            #expect(answer.body.count < 2000)
        }
    }

    @Test("A parameter that is given twice is refused", arguments: known)
    func twice(route: String, parameters: [String]) async throws {
        try await TestService.with { service in
            try await fill(service)
            for name in parameters {
                let value = Self.values[name] ?? "x"
                let answer = try await service.get("\(route)?\(name)=\(value)&\(name)=\(value)")
                #expect(answer.isProblem(400, parameter: name), "\(answer)")
            }
        }
    }

    @Test("A value that is longer than 1 KiB, empty, or holds NUL is refused", arguments: known)
    func longAndEmpty(route: String, parameters: [String]) async throws {
        try await TestService.with { service in
            try await fill(service)
            for name in parameters {
                for value in [
                    String(repeating: "x", count: 1025), String(repeating: "%C3%A9", count: 513), "", "a%00b",
                ] {
                    let answer = try await service.get("\(route)?\(name)=\(value)")
                    #expect(answer.isProblem(400, parameter: name), "\(name)=\(value.prefix(20)): \(answer)")
                }
                #expect(try await service.get("\(route)?\(name)").isProblem(400, parameter: name))
            }
            for name in ["status", "host", "project_id", "actor"] where parameters.contains(name) {
                let value = String(repeating: "%C3%A9", count: 512)
                #expect(try await service.get("\(route)?\(name)=\(value)").status == 200)
            }
        }
    }

    @Test(
        "A value that is not what the parameter takes is refused",
        arguments: [
            ("/v1/servers", "limit", ["0", "-1", "1001", "1.5", "x", "1e2", "99999999999999999999", "%20"]),
            ("/v1/events", "limit", ["0", "1001", "all"]), (history, "limit", ["0", "1001", "all"]),
            ("/v1/servers", "class", ["Failed", "running", "failed,other"]),
            (
                "/v1/servers", "at",
                [
                    "now", "7d", "2026-11-23", "2026-11-23T09:00:00", "2026-02-29T09:00:00Z", "2026-11-23T25:00:00Z",
                    "1795424400", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00",
                    "infinity",
                ]
            ), ("/v1/servers/\(Sample.alpha.lower)", "at", ["yesterday"]), (history, "from", ["yesterday"]),
            (history, "until", ["tomorrow"]), (history, "reads", ["no", "0"]),
            ("/v1/events", "from", ["yesterday"]), ("/v1/events", "until", ["-infinity"]),
            ("/v1/events", "server_id", ["x", "8c041935231e405aa0d2d5b0acdceb46"]),
            ("/v1/events", "operation", ["LIST", "explode"]),
            ("/v1/events", "http_status", ["99", "600", "2XX", "0xx", "6xx", "xx", "20x", "200,404", "-200", "4xxx"]),
            ("/v1/events", "lane", ["1", "-1", "x", "32768", "0.5"]),
        ])
    func invalid(route: String, name: String, values: [String]) async throws {
        try await TestService.with { service in
            try await fill(service)
            for value in values {
                let answer = try await service.get("\(route)?\(name)=\(value)")
                #expect(answer.isProblem(400, parameter: name), "\(name)=\(value): \(answer)")
            }
        }
    }

    @Test("What looks like SQL is a value like any other")
    func injection() async throws {
        try await TestService.with { service in
            try await fill(service)
            let value = "'; drop table dossier.entries; --".escaped
            for name in ["status", "host", "project_id", "share_network_id"] {
                #expect(try await service.good("/v1/servers?\(name)=\(value)")["servers"] == [])
            }
            for name in ["status", "type", "actor", "request_id", "project_id", "host"] {
                #expect(try await service.good("/v1/events?\(name)=\(value)")["events"] == [])
            }
            #expect(try await service.good("/v1/events")["events"]?.array?.count == 8)
        }
    }
}
