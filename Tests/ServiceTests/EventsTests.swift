import DatabaseTesting
import EventLog
import Foundation
import Postgres
import ShareServers
import Testing
import TransparencyLog

/// `GET /v1/events` and `/v1/events/{lane}/{position}`.
@Suite(.log) struct EventsTests {
    /// Fifteen entries: two lives' first eight, and the other types, a call that names no server and a foreign event.
    private func fill(_ service: TestService) async throws {
        try await service.append(
            Sample.life(of: Sample.alpha) + [
                Sample.coverage(at: 30),
                Sample.call(nil, "list", 200, at: 31, ["actor": ["user_id": "alice", "project_id": "p2"]]),
                Sample.call(nil, "manage", 503, at: 32, ["request": ["share_server": ["host": "lab@gamma"]]]),
                Event(id: "x", source: "/other", type: "com.example.thing", time: Sample.time(33), data: ["a": 1]),
                Sample.status(Sample.beta, "error", at: 34, ["host": "lab@alpha", "project_id": "p2"]),
                Sample.call(Sample.beta, "other", 100, at: 35),
                Sample.call(Sample.beta, "show", 301, at: 36),
            ])
    }

    @Test(
        "Events are filtered by everything that is kept beside them",
        arguments: [
            ("", Array(0...14)), ("server_id=\(Sample.alpha.lower)", Array(0...7)),
            ("server_id=\(Sample.beta.uuidString)", [12, 13, 14]), ("server_id=\(Sample.server(3).lower)", []),
            ("type=call", [0, 3, 5, 7, 9, 10, 13, 14]), ("type=status", [1, 2, 6, 12]), ("type=backend_details", [4]),
            ("type=coverage", [8]), ("type=com.example.thing", [11]), ("type=com.example", []),
            ("type=org.openstack.manila.share_server.status", [1, 2, 6, 12]), ("operation=show", [3, 14]),
            ("operation=list", [9]), ("operation=other", [13]), ("operation=migration_start", []),
            ("status=error", [6, 12]), ("status=active", [2]), ("status=nonsense", []), ("actor=bob", [5, 7]),
            ("actor=alice", [0, 9]), ("actor=Bob", []), ("request_id=req-delete", [7]), ("request_id=req", []),
            ("project_id=p1", [1]), ("project_id=p2", [9, 12]), ("project_id=admin", [0, 5]),
            ("host=lab%40alpha", [1, 12]), ("host=lab%40gamma", [10]), ("lane=0", Array(0...14)),
            ("type=status&status=error&host=lab%40alpha&server_id=\(Sample.beta.lower)", [12]),
            ("type=call&status=error", []),
        ])
    func filters(query: String, expected: [Int]) async throws {
        try await expect(query, expected)
    }

    @Test(
        "HTTP statuses are asked for by code or by class",
        arguments: [
            ("202", [0, 5]), ("409", [7]), ("2xx", [0, 3, 5, 9]), ("4xx", [7]), ("5xx", [10]), ("3xx", [14]),
            ("1xx", [13]), ("599", []), ("100", [13]),
        ])
    func httpStatuses(value: String, expected: [Int]) async throws {
        try await expect("http_status=\(value)", expected)
    }

    @Test(
        "A window includes its beginning and not its end",
        arguments: [
            ("from=\(Sample.text(31))&until=\(Sample.text(33))", [9, 10]),
            ("from=\(Sample.text(31.000001))&until=\(Sample.text(33.000001))", [10, 11]),
            ("from=\(Sample.text(36))", [14]), ("from=\(Sample.text(36.000001))", []), ("until=\(Sample.text(0))", []),
            ("until=\(Sample.text(0.000001))", [0]), ("from=\(Sample.text(5))&until=\(Sample.text(5))", []),
            ("from=\(Sample.text(10))&until=\(Sample.text(5))", []),
        ])
    func window(query: String, expected: [Int]) async throws {
        try await expect(query, expected)
    }

    private func expect(_ query: String, _ expected: [Int]) async throws {
        try await TestService.with { service in
            try await fill(service)
            let answer = try await service.good("/v1/events?\(query)")
            #expect(answer["events"]?.column("position").map(\.int) == expected)
            // Pages of filtered events meet the same.
            for limit in [1, 2] {
                let pages = try await service.pages("/v1/events?limit=\(limit)&\(query)", of: "events")
                #expect(pages.joined().map { $0["position"]?.int } == expected)
            }
        }
    }

    @Test("An entry has the event as it was sent, when it was recorded, and the hash of its leaf")
    func entries() async throws {
        try await TestService.with { service in
            try await fill(service)
            let page = try await service.good("/v1/events")
            let sent = try Sample.life(of: Sample.alpha)
            for (position, entry) in try #require(page["events"]?.array).enumerated() {
                #expect(try await service.good("/v1/events/0/\(position)")["entry"] == entry)
                let body = try #require(entry["event"]).canonical()
                #expect(entry["leaf_hash"] == .string(Data(Tree.leaf(body).bytes).base64EncodedString()))
                #expect(entry.at("event.recordedtime") == entry["recorded"])
                guard position < sent.count else { continue }
                var event = entry["event"]?.object ?? [:]
                event["recordedtime"] = nil
                #expect(JSON.object(event) == sent[position].json)
            }
        }
    }

    @Test(
        "Where there is no entry, none is found",
        arguments: ["0/15", "0/9007199254740993", "0/9223372036854775807", "1/0", "32767/0"])
    func noEntry(place: String) async throws {
        try await TestService.with { service in
            try await fill(service)
            #expect(try await service.get("/v1/events/\(place)").isProblem(404))
        }
    }

    @Test(
        "What names no entry is refused",
        arguments: [
            "x/0", "0/x", "-1/0", "0/-1", "0/1.5", "0/9223372036854775808", "32768/0", "0/0x1", "0/%20", "0/1e1",
        ])
    func notAPlace(place: String) async throws {
        try await TestService.with { service in
            try await fill(service)
            #expect(try await service.get("/v1/events/\(place)").isProblem(400))
        }
    }

    @Test("An event of the greatest depth and size that is taken can be read back")
    func greatest() async throws {
        try await TestService.with { service in
            let (event, deep) = try #require(deepest)
            #expect(try await service.push(event.text).status == 200)
            let wide = try call("wide", .string(String(repeating: "\u{1}", count: 10_000)))
            #expect(try await service.push(wide.text).status == 200)
            try await service.catchUp()
            for uri in ["/v1/events", "/v1/servers/\(Sample.alpha.lower)/history"] {
                let answer = try await service.good(uri)
                let events = answer[uri.hasSuffix("history") ? "timeline" : "events"]
                #expect(events?.at("0.event.data.request") == deep)
                #expect(events?.at("1.event.data.request")?.string?.utf8.count == 10_000)
            }
        }
    }

    private func call(_ id: String, _ request: JSON) throws -> Event {
        try Event(
            id: id, source: "/test", type: EventType.call, time: Sample.time(1), subject: Sample.alpha.lower,
            data: ["operation": "delete", "http_status": 202, "request": request])
    }

    /// The event with the most levels that is one, and its `data.request`.
    private var deepest: (Event, JSON)? {
        var request: JSON = "core"
        var found: (Event, JSON)?
        for level in 0..<200 {
            request = level % 2 == 0 ? [request] : ["a": request]
            guard let event = try? call("deep", request),
                (try? event.canonical.withUnsafeBytes({ try Event(decoding: $0) })) != nil
            else { break }
            found = (event, request)
        }
        return found
    }
}
