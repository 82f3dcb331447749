import DatabaseTesting
import FoundationEssentials
import ShareServers
import Testing

/// `POST /v1/events` with events that are none, or that conflict.
@Suite(.log) struct PushOutcomeTests {
    private let good = [
        #"{"specversion":"1.0","id":"a","source":"/s","type":"t","time":"2026-11-23T09:00:00Z","data":1}"#,
        #"{"specversion":"1.0","id":"b","source":"/s","type":"t","time":"2026-11-23T09:00:00Z","data":2}"#,
    ]
    /// `good[0]` with other content.
    private let conflicting =
        #"{"specversion":"1.0","id":"a","source":"/s","type":"t","time":"2026-11-23T09:00:00Z","data":"other"}"#
    private let untimed = #"{"specversion":"1.0","id":"c","source":"/s","type":"t"}"#

    private func counts(_ answer: Answer) -> [Int?] {
        ["accepted", "known", "conflicts", "rejected"].map { answer.json[$0]?.int }
    }

    @Test("Of a body with good and bad events the good ones are kept, and each bad one is told with its field and line")
    func mixed() async throws {
        try await TestService.with { service in
            let call =
                #"{"specversion":"1.0","id":"d","source":"/s","type":"org.openstack.manila.share_server.call","#
                + #""time":"2026-11-23T09:00:00Z","data":{"http_status":1000}}"#
            let body = [good[0], untimed, "", "{ not json", call, "[]", good[1], good[0]].joined(separator: "\n")
            let answer = try await service.push(body)
            #expect(answer.status == 207)
            #expect(answer.contentType == "application/json")
            #expect(counts(answer) == [2, 1, 0, 4])
            let results = try #require(answer.json["results"]?.array)
            #expect(results.map { $0["index"]?.int } == Array(0..<7))
            #expect(
                results.map { $0["outcome"]?.string } == [
                    "appended", "rejected", "rejected", "rejected", "rejected", "appended", "known",
                ])
            #expect(results.map { $0["position"]?.int } == [0, nil, nil, nil, nil, 1, 0])
            #expect(results.map { $0.at("error.line")?.int } == [nil, 2, 4, 5, 6, nil, nil])
            #expect(
                results.map { $0.at("error.field")?.string } == [nil, "time", nil, "data.http_status", nil, nil, nil])
            for result in results where result["outcome"] == "rejected" {
                #expect(result.at("error.reason")?.string?.isEmpty == false)
            }
            #expect(try await service.good("/v1/events")["events"]?.array?.count == 2)
        }
    }

    @Test("In an array, events after a bad one are kept")
    func mixedArray() async throws {
        try await TestService.with { service in
            let body = "[\(good[0]), 17,\n \(untimed), null, \"text\", \(good[1])]"
            let answer = try await service.push(body, as: "application/cloudevents-batch+json")
            #expect(answer.status == 207)
            #expect(counts(answer) == [2, 0, 0, 4])
            #expect(
                answer.json["results"]?.column("outcome")
                    == ["appended", "rejected", "rejected", "rejected", "rejected", "appended"])
            #expect(answer.json.at("results.2.error.line") == 2)
        }
    }

    @Test("Of an array that ends too early, what was whole is kept", arguments: ["", ",", ", {\"specversion\":"])
    func cutOff(rest: String) async throws {
        try await TestService.with { service in
            let answer = try await service.push("[\(good[0]),\(good[1])\(rest)", as: "application/json")
            #expect(answer.status == 207, "\(answer)")
            #expect(counts(answer) == [2, 0, 0, 1])
            #expect(answer.json.at("results.2.outcome") == "rejected")
        }
    }

    @Test("Where no event is one, the answer is a problem that tells of each")
    func allBad() async throws {
        try await TestService.with { service in
            let answer = try await service.push(untimed + "\nnonsense\n")
            #expect(answer.isProblem(400), "\(answer)")
            #expect(counts(answer) == [0, 0, 0, 2])
            #expect(answer.json["results"]?.column("outcome") == ["rejected", "rejected"])
            #expect(answer.json.at("results.0.error.field") == "time")
            #expect(answer.json.at("results.1.error.line") == 2)
            #expect(try await service.good("/v1/events")["events"] == [])
        }
    }

    @Test("An id that was used for other content is a conflict, told with where that stands")
    func conflict() async throws {
        try await TestService.with { service in
            #expect(try await service.push(good[0]).status == 200)
            let answer = try await service.push(conflicting)
            #expect(answer.isProblem(409), "\(answer)")
            #expect(counts(answer) == [0, 0, 1, 0])
            #expect(answer.json.at("results.0.outcome") == "conflict")
            #expect(answer.json.at("results.0.position") == 0)
            #expect(answer.json.at("results.0.error.field") == "id")
            #expect(try await service.good("/v1/events/0/0").at("entry.event.data") == 1)
        }
    }

    @Test("The status says what became of the body as a whole")
    func statuses() async throws {
        try await TestService.with { service in
            #expect(try await service.push(good[0]).status == 200)
            for (lines, status, expected) in [
                ([conflicting, conflicting], 409, [0, 0, 2, 0]), ([conflicting, untimed], 400, [0, 0, 1, 1]),
                ([conflicting, good[0]], 207, [0, 1, 1, 0]), ([conflicting, untimed, good[1]], 207, [1, 0, 1, 1]),
                ([good[0], good[1]], 200, [0, 2, 0, 0]),
            ] {
                let answer = try await service.push(lines.joined(separator: "\n"))
                #expect(answer.status == status, "\(answer)")
                #expect(counts(answer) == expected)
                let isProblem = answer.contentType == "application/problem+json"
                #expect(isProblem == (status >= 400))
            }
        }
    }

    @Test("An event that is too large is rejected, and its neighbours are kept")
    func tooLarge() async throws {
        try await TestService.with { service in
            let large = good[0].replacing("\"a\"", with: "\"large\"").replacing(
                ":1}", with: ":\"" + String(repeating: "x", count: 70_000) + "\"}")
            // Too large to be gathered at all: more than 4 MiB.
            let huge = large.replacing("xxxxx", with: String(repeating: "y", count: 400))
            let answer = try await service.push([good[0], large, huge, good[1]].joined(separator: "\n"))
            #expect(huge.utf8.count > 4 << 20)
            #expect(answer.status == 207, "\(answer)")
            #expect(
                answer.json["results"]?.column("outcome") == ["appended", "rejected", "rejected", "appended"])
            #expect(answer.json.at("results.1.error.reason")?.string?.contains("65535") == true)
            #expect(answer.body.count < 4096)
        }
    }
}
