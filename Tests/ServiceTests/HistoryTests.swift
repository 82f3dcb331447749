import DatabaseTesting
import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// `GET /v1/servers/{id}/history`.
@Suite(.log) struct HistoryTests {
    private let uri = "/v1/servers/\(Sample.alpha.lower)/history"

    /// The positions of a timeline.
    private func positions(_ json: JSON) -> [Int?] { json["timeline"]?.column("position").map(\.int) ?? [] }

    @Test("A history has every visit, with its bounds, its length and its cause")
    func visits() async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            let history = try await service.good(uri)
            #expect(history["server_id"] == .string(Sample.alpha.lower))
            let entry = { (position: Int) -> JSON in ["lane": 0, "position": .number(Double(position))] }
            #expect(
                history["visits"] == [
                    [
                        "status": "creating", "class": "transitional", "from": "2026-11-23T09:00:01.000000Z",
                        "until": "2026-11-23T09:00:05.000000Z", "not_before": .null, "duration_s": 4,
                        "entry": entry(1), "cause": entry(0),
                    ],
                    [
                        "status": "active", "class": "serving", "from": "2026-11-23T09:00:05.000000Z",
                        "until": "2026-11-23T09:00:11.500000Z", "not_before": "2026-11-23T09:00:04.000000Z",
                        "duration_s": 6.5, "entry": entry(2), "cause": .null,
                    ],
                    [
                        "status": "error", "class": "failed", "from": "2026-11-23T09:00:11.500000Z", "until": .null,
                        "not_before": "2026-11-23T09:00:09.000000Z", "duration_s": .null, "entry": entry(6),
                        "cause": entry(5),
                    ],
                ])
        }
    }

    @Test("A timeline has every event whole, in the order in which they happened, whenever they came in")
    func timeline() async throws {
        try await TestService.with { service in
            let life = try Sample.life(of: Sample.alpha)
            try await service.append(life.reversed() + Sample.life(of: Sample.beta))
            let history = try await service.good("\(uri)?reads=true")
            #expect(positions(history) == [7, 6, 5, 4, 3, 2, 1, 0])
            let items = try #require(history["timeline"]?.array)
            #expect(
                items.map { $0["kind"] } == [
                    "call", "status", "status", "call", "backend_details", "call", "status", "call",
                ])
            for (item, event) in zip(items, life) {
                var told = try #require(item["event"]?.object)
                #expect(told.removeValue(forKey: "recordedtime") == item["recorded"])
                #expect(JSON.object(told) == event.json)
                #expect(item["at"] == .string(event.time.description))
                #expect(item["lane"] == 0)
            }
        }
    }

    @Test("Calls that only read and were answered well are told only where they are asked for")
    func reads() async throws {
        try await TestService.with { service in
            let server = Sample.alpha
            var events: [Event] = []
            for (second, operation) in ["show", "details", "migration_check", "migration_get_progress"].enumerated() {
                events.append(try Sample.call(server, operation, 200, at: Double(second)))
                events.append(try Sample.call(server, operation, 404, at: Double(second) + 0.5))
            }
            events.append(try Sample.call(server, "delete", 202, at: 50))
            events.append(try Sample.call(server, "other", 200, at: 60))
            try await service.append(events)
            #expect(positions(try await service.good(uri)) == [1, 3, 5, 7, 8, 9])
            #expect(positions(try await service.good("\(uri)?reads=false")) == [1, 3, 5, 7, 8, 9])
            #expect(positions(try await service.good("\(uri)?reads=true")) == Array(0...9))
            for word in ["yes", "1", "TRUE", "t"] {
                #expect(try await service.get("\(uri)?reads=\(word)").isProblem(400, parameter: "reads"))
            }
        }
    }

    @Test("A history may be cut to a window that includes its beginning and not its end")
    func window() async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            func history(_ from: Double?, _ until: Double?) async throws -> JSON {
                let from = from.map { "&from=\(Sample.text($0))" } ?? ""
                let until = until.map { "&until=\(Sample.text($0))" } ?? ""
                return try await service.good("\(uri)?reads=true\(from)\(until)")
            }
            #expect(positions(try await history(5, 11.5)) == [2, 3, 4, 5])
            #expect(positions(try await history(5.000001, 11.500001)) == [3, 4, 5, 6])
            #expect(positions(try await history(11.5, nil)) == [6, 7])
            #expect(positions(try await history(nil, 1)) == [0])
            #expect(positions(try await history(7, 7)) == [])
            #expect(positions(try await history(11, 5)) == [])
            // Visits are those that overlap the window.
            #expect(try await history(5, 11.5)["visits"]?.column("status") == ["active"])
            #expect(try await history(4.999999, 11.5)["visits"]?.column("status") == ["creating", "active"])
            #expect(try await history(12, 13)["visits"]?.column("status") == ["error"])
            #expect(try await history(nil, 1)["visits"]?.column("status") == [])
        }
    }

    @Test("A server that calls alone have named has a timeline and no visits")
    func callsAlone() async throws {
        try await TestService.with { service in
            try await service.append([Sample.call(Sample.alpha, "delete", 404, at: 1)])
            let history = try await service.good(uri)
            #expect(history["visits"] == [])
            #expect(positions(history) == [0])
        }
    }

    @Test("A server that no event has named has no history")
    func unknown() async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.beta))
            #expect(try await service.get(uri).isProblem(404))
            #expect(try await service.get("\(uri)?from=2026-11-23T09:00:00Z").isProblem(404))
        }
    }
}
