import DatabaseTesting
import EventLog
import FoundationEssentials
import HTTPTypes
import ShareServers
import Testing

/// `POST /v1/events`: what is taken, in which form, and what is told of it.
@Suite(.log) struct PushTests {
    /// The counts of an answer, in the order accepted, known, conflicts, rejected.
    private func counts(_ answer: Answer) -> [Int?] {
        ["accepted", "known", "conflicts", "rejected"].map { answer.json[$0]?.int }
    }

    private func appended(_ index: Int, _ position: Int) -> JSON {
        ["index": .number(Double(index)), "outcome": "appended", "lane": 0, "position": .number(Double(position))]
    }

    @Test(
        "One event may be sent as a JSON object, however it is spaced",
        arguments: [
            "application/cloudevents+json", "application/json", "application/json; charset=utf-8",
            "Application/CloudEvents+JSON ;charset=UTF-8", "application/x-ndjson",
        ])
    func oneEvent(type: String) async throws {
        try await TestService.with { service in
            let event = try Sample.status(Sample.alpha, "active", at: 1)
            let text = type == "application/x-ndjson" ? event.text : "\n  " + event.text.replacing(",", with: " ,\r\n ")
            let answer = try await service.push(text, as: type)
            #expect(answer.status == 200, "\(answer)")
            #expect(counts(answer) == [1, 0, 0, 0])
            #expect(answer.json["results"] == .array([appended(0, 0)]))
            var kept = try await service.good("/v1/events/0/0").at("entry.event")?.object ?? [:]
            kept["recordedtime"] = nil
            #expect(JSON.object(kept) == event.json)
        }
    }

    @Test("A batch is an array", arguments: ["application/cloudevents-batch+json", "application/json"])
    func batch(type: String) async throws {
        try await TestService.with { service in
            let life = try Sample.life(of: Sample.alpha)
            let answer = try await service.push("[\(life.map(\.text).joined(separator: ",\n"))]", as: type)
            #expect(answer.status == 200, "\(answer)")
            #expect(counts(answer) == [8, 0, 0, 0])
            #expect(answer.json["results"] == .array((0..<8).map { appended($0, $0) }))
        }
    }

    @Test(
        "Lines may be ended in any way, and empty ones count for nothing",
        arguments: ["application/x-ndjson", "application/ndjson", "application/jsonl"])
    func lines(type: String) async throws {
        try await TestService.with { service in
            let life = try Sample.life(of: Sample.alpha).map(\.text)
            let body = "\n\n" + life[0] + "\r\n   \n" + life[1] + "\n\t" + life[2] + "  \n\r\n" + life[3]
            let answer = try await service.push(body, as: type)
            #expect(answer.status == 200, "\(answer)")
            #expect(answer.json["results"] == .array((0..<4).map { appended($0, $0) }))
        }
    }

    @Test("What is pushed is served once the projections have it")
    func served() async throws {
        try await TestService.with { service in
            let life = try Sample.life(of: Sample.alpha).map(\.text).joined(separator: "\n")
            #expect(try await service.push(life).status == 200)
            try await service.catchUp()
            #expect(try await service.good("/v1/servers/\(Sample.alpha.lower)").at("server.status") == "error")
        }
    }

    @Test(
        "A body of another type is refused, and nothing of it is kept",
        arguments: [
            nil, "", "text/plain", "application/xml", "application/cloudevents+xml", "application/jsonx",
            "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "*/*", "json",
        ])
    func otherTypes(type: String?) async throws {
        try await TestService.with { service in
            let answer = try await service.push(Sample.status(Sample.alpha, "active", at: 1).text, as: type)
            #expect(answer.isProblem(415), "\(answer)")
            #expect(answer.json["detail"]?.string?.contains("application/x-ndjson") == true)
            #expect(try await service.good("/v1/events")["events"] == [])
        }
    }

    @Test("A body without an event is refused", arguments: ["application/x-ndjson", "application/cloudevents+json"])
    func empty(type: String) async throws {
        try await TestService.with { service in
            for body in ["", "\n", " \r\n \n"] {
                let answer = try await service.push(body, as: type)
                #expect(answer.isProblem(400), "\(answer)")
            }
            var headers = HTTPFields()
            headers[.contentType] = type
            #expect(try await service.send(.post, "/v1/events", headers).isProblem(400))
        }
    }

    @Test("What was pushed before is known by its first place, in the same body too")
    func known() async throws {
        try await TestService.with { service in
            let life = try Sample.life(of: Sample.alpha).map(\.text)
            let first = try await service.push((life + life.prefix(2)).joined(separator: "\n"))
            #expect(first.status == 200)
            #expect(counts(first) == [8, 2, 0, 0])
            #expect(first.json.at("results.9") == ["index": 9, "outcome": "known", "lane": 0, "position": 1])
            let second = try await service.push(life.reversed().joined(separator: "\n"))
            #expect(second.status == 200)
            #expect(counts(second) == [0, 8, 0, 0])
            #expect(second.json["results"]?.column("outcome") == Array(repeating: "known", count: 8))
            #expect(second.json["results"]?.column("position").map(\.int) == [7, 6, 5, 4, 3, 2, 1, 0])
            #expect(try await service.good("/v1/events")["events"]?.array?.count == 8)
        }
    }

    @Test("A parameter is refused, as everywhere")
    func parameters() async throws {
        try await TestService.with { service in
            let body = Array(try Sample.status(Sample.alpha, "active", at: 1).text.utf8)
            let answer = try await service.send(
                .post, "/v1/events?dry_run=1", [.contentType: "application/x-ndjson"], body: body)
            #expect(answer.isProblem(400, parameter: "dry_run"))
            #expect(try await service.good("/v1/events")["events"] == [])
        }
    }
}
