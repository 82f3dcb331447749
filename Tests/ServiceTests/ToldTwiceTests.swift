import DatabaseTesting
import EventLog
import Foundation
import Ingest
import Postgres
import ShareServers
import Testing

/// Calls that several sources tell: each counts once, and is one item of a history.
@Suite(.log, .timeLimit(.minutes(20))) struct ToldTwiceTests {
    private static let har = CapturedTraffic.file.path(percentEncoded: false)
    private static let audit = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../IngestTests/Traffic/notifications.ndjson").standardizedFileURL.path(percentEncoded: false)
    private static let window = "from=2026-11-23T09:54:50Z&until=2026-11-23T09:59:30Z"

    /// One telling of a call.
    private func telling(
        _ source: String, at second: Double, _ operation: String = "delete", _ status: Int? = 409,
        saying more: [String: JSON] = [:], server: UUID? = Sample.alpha
    ) throws -> Event {
        var data: [String: JSON] = [
            "operation": .string(operation), "method": "DELETE", "request_id": "req-1",
            "path": .string("/v2/share-servers/\(server?.lower ?? "")"),
        ]
        data["http_status"] = status.map { .number(Double($0)) }
        for (name, value) in more { data[name] = value.isNull ? nil : value }
        return try Event(
            id: "\(second)/\(operation)/\(server?.lower ?? "")", source: source, type: EventType.call,
            time: Sample.time(second), subject: server?.lower, data: .object(data))
    }

    private func calls(_ service: TestService, _ query: String = "from=\(Sample.text(0))&until=\(Sample.text(7200))")
        async throws -> JSON
    {
        try await service.good("/v1/metrics/calls?\(query)")["groups"] ?? .null
    }

    @Test(
        "A real Manila's calls, captured and audited, count as those captured alone, whichever came in first",
        arguments: [[har], [har, audit], [audit, har], [audit, har, audit]])
    func captured(files: [String]) async throws {
        let entries = try CapturedTraffic().entries.filter { $0.shareServers != nil }
        let expected = Dictionary(grouping: entries, by: operation).mapValues { entries in
            Dictionary(grouping: entries) { "\($0.status / 100)xx" }.mapValues { JSON.number(Double($0.count)) }
        }
        let milliseconds = entries.reduce(0.0) { $0 + $1.exchange.duration / .milliseconds(1) }
        let failed = entries.filter { $0.status >= 400 }.map { $0.exchange.responseHeader("x-openstack-request-id") }
        try await TestService.with { service in
            for file in files {
                _ = try await FileImport(log: service.log).run(file)
                try await service.catchUp()
            }
            // Whole hours are counted in advance, others when they are asked about.
            for window in ["from=2026-11-23T09:00:00Z&until=2026-11-23T10:00:00Z", Self.window] {
                let groups = try await calls(service, window).array ?? []
                let told = Dictionary(
                    groups.map { ($0["group"]?.string ?? "", $0["http"]?.object ?? [:]) }, uniquingKeysWith: { $1 })
                #expect(told == expected, "\(window)")
                let fleet = try #require(try await calls(service, window + "&by=fleet").array?.first)
                #expect(fleet["calls"] == 441)
                #expect(abs((fleet["mean_ms"]?.number ?? 0) - milliseconds / 441) < 0.001)
            }
            let errors = try await service.good("/v1/errors?kind=call&limit=1000&\(Self.window)")["errors"]?.array ?? []
            #expect(errors.map { $0.at("call.request_id")?.string } == failed)
        }
    }

    /// By method, path and the key of the body.
    private func operation(_ entry: CapturedTraffic.Entry) -> String {
        switch (entry.exchange.method, entry.below.count, entry.below.last ?? "") {
        case ("GET", 0, _): return "list"
        case ("GET", 1, _): return "show"
        case ("GET", 2, "details"): return "details"
        case ("DELETE", 1, _): return "delete"
        case ("POST", 1, "manage"): return "manage"
        case ("POST", 2, "action"):
            let key = (try? JSON(parsing: entry.exchange.requestBody))?.object?.keys.first ?? ""
            return key.hasPrefix("migration_") || key.hasPrefix("reset_") || key == "unmanage" ? key : "other"
        default: return "other"
        }
    }

    @Test(
        "A call told twice is one call, one failure and one item of its server's history, which names both sources",
        arguments: [false, true])
    func once(isAuditFirst: Bool) async throws {
        let wire = try telling("/gateway", at: 20, saying: ["fault": ["code": 409, "message": "in use"]])
        let actor: JSON = ["user_name": "alice"]
        let audit = try telling("/audit", at: 20.01, saying: ["outcome": "failure", "actor": actor])
        let events = isAuditFirst ? [audit, wire] : [wire, audit]
        try await TestService.with { service in
            for event in events { try await service.append([event]) }
            let groups = try await calls(service)
            #expect(groups.array?.map { $0["calls"] } == [1])
            let errors = try await service.good("/v1/errors?from=\(Sample.text(0))&until=\(Sample.text(60))")
            #expect(errors["errors"]?.array?.map { $0.at("call.fault.message") } == ["in use"])
            let uri = "/v1/servers/\(Sample.alpha.lower)/history"
            let items = try #require(try await service.good(uri)["timeline"]?.array)
            #expect(items.map { $0.at("event.source") } == ["/gateway"])
            let again = try #require(items[0]["told_again"]?.array)
            #expect(again.map { $0["source"] } == ["/audit"])
            #expect(again[0]["actor"] == actor)
            #expect(again[0]["position"]?.int == (isAuditFirst ? 0 : 1))
            // As it was known before the other came.
            let before = try await service.good(uri + "?known_at=1")["timeline"]?.array
            #expect(before?.map { $0.at("event.source") } == [.string(events[0].source)])
            #expect(before?[0]["told_again"] == nil)
        }
    }

    @Test("A telling with a status counts before one without, and a request that no answer followed is one call")
    func status() async throws {
        try await TestService.with { service in
            try await service.append([
                telling("/gateway", at: 20, "delete", nil), telling("/audit", at: 21, saying: ["outcome": "success"]),
                telling("/audit", at: 21.5, "delete", nil, saying: ["outcome": "pending"]),
            ])
            let groups = try await calls(service)
            #expect(groups.array?.map { $0["calls"] } == [1])
            #expect(groups.array?[0]["http"] == ["4xx": 1])
        }
    }

    @Test("Calls that share no more than a request id are not taken for one")
    func different() async throws {
        let others: [Event] = [
            try telling("/audit", at: 21, server: Sample.beta),
            try telling("/audit", at: 22, "show", 200, saying: ["method": "GET"]),
            try telling("/audit", at: 23, "show", 200, saying: ["path": "/v2/share-servers/other"]),
            try telling("/audit", at: 24, saying: ["request_id": "req-2"]),
            try telling("/audit", at: 25, saying: ["request_id": .null]),
            // The same source tells a second one of the same kind.
            try telling("/gateway", at: 26),
        ]
        try await TestService.with { service in
            for (count, event) in others.enumerated() {
                if count == 0 { try await service.append([telling("/gateway", at: 20)]) }
                try await service.append([event])
                let groups = try await calls(service)
                #expect(groups.array?.reduce(0) { $0 + ($1["calls"]?.int ?? 0) } == count + 2, "\(event)")
            }
        }
    }

    @Test("Of several lanes each counts its servers' calls once")
    func lanes() async throws {
        try await TestService.with(lanes: 4) { service in
            for number in 1...8 {
                let server = Sample.server(number)
                try await service.append([telling("/audit", at: 21, saying: ["outcome": "failure"], server: server)])
                try await service.append([telling("/gateway", at: 20, server: server)])
            }
            let groups = try await calls(service)
            #expect(groups.array?.map { $0["calls"] } == [8])
        }
    }
}
