import DatabaseTesting
import HTTPTypes
import HummingbirdTesting
import NIOCore
import ShareServers
import Testing

/// Requests over a connection, as clients make them.
@Suite(.log, .timeLimit(.minutes(20))) struct StreamingTests {
    /// An event as small as they come; `data` differs for one id.
    private func line(_ id: Int, data: Int = 0) -> String {
        #"{"specversion":"1.0","id":"\#(id)","source":"/s","type":"t","time":"2026-11-23T09:00:00Z","data":\#(data)}"#
    }

    private func push(_ body: String, _ client: any TestClientProtocol) async throws -> Answer {
        let answer = Answer(
            try await client.execute(
                uri: "/v1/events", method: .post, headers: [.contentType: "application/x-ndjson"],
                body: ByteBuffer(string: body)))
        #expect(Contract.shared.violations(of: answer, .post, "/v1/events") == [])
        return answer
    }

    @Test("Ten thousand events are streamed, and each is told of")
    func tenThousand() async throws {
        try await TestService.with { service in
            try await service.application.test(.live) { client in
                let body = (0..<10_000).map { line($0) }.joined(separator: "\n")
                let answer = try await push(body, client)
                #expect(answer.status == 200)
                #expect(answer.json["accepted"] == 10_000)
                let results = try #require(answer.json["results"])
                #expect(results.column("index").map(\.int) == Array(0..<10_000))
                #expect(results.column("position").map(\.int) == Array(0..<10_000))
            }
            let pages = try await service.pages("/v1/events?limit=1000", of: "events")
            #expect(pages.joined().compactMap { $0.at("event.id")?.string } == (0..<10_000).map(String.init))
        }
    }

    @Test("Beyond ten thousand events only those are told of that were not kept")
    func beyondTenThousand() async throws {
        try await TestService.with { service in
            try await service.application.test(.live) { client in
                var lines = (0..<10_100).map { line($0) }
                lines[10] = "{}"
                lines[10_005] = "{}"
                lines[10_050] = line(7, data: 1)
                lines[10_060] = line(8)
                let answer = try await push(lines.joined(separator: "\n"), client)
                #expect(answer.status == 207)
                #expect(answer.json["accepted"] == 10_096)
                #expect(answer.json["known"] == 1)
                #expect(answer.json["conflicts"] == 1)
                #expect(answer.json["rejected"] == 2)
                let results = try #require(answer.json["results"])
                #expect(results.column("index").map(\.int) == Array(0..<10_000) + [10_005, 10_050])
                #expect(results.column("outcome").suffix(2) == ["rejected", "conflict"])
                #expect(results.at("10001.position") == 7)
            }
        }
    }

    @Test(
        "A connection stays in step after an answer without a body",
        arguments: [
            ("/v1/servers/\(Sample.alpha.lower)", 200), ("/v1/servers?limit=0", 400), ("/v1/servers/x", 400),
            ("/v1/servers/\(Sample.beta.lower)", 404), ("/nowhere", 404), ("/v2/share-servers/x", 404),
            ("/v2/nowhere", 404), ("/v1/events/0/0", 200), ("/healthz", 200),
        ])
    func keepAlive(uri: String, status: Int) async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            try await service.application.test(.live) { client in
                let head = Answer(try await client.execute(uri: uri, method: .head))
                #expect(head.status == status)
                #expect(head.body.isEmpty)
                let get = Answer(try await client.execute(uri: "/v1/servers", method: .get))
                let tag = try #require(get.tag)
                let condition: HTTPFields = [.ifNoneMatch: tag]
                let unchanged = Answer(try await client.execute(uri: "/v1/servers", method: .get, headers: condition))
                #expect(unchanged.status == 304)
                #expect(unchanged.body.isEmpty)
                #expect(Answer(try await client.execute(uri: "/v1/servers", method: .get)).tag == tag)
            }
        }
    }

    @Test("A client that sends what is refused may use its connection again")
    func afterRefusal() async throws {
        try await TestService.with { service in
            try await service.application.test(.live) { client in
                // Larger than what the connection holds: the rest of the body has to be read, or the connection closed.
                let body = ByteBuffer(repeating: 0x78, count: 300_000)
                let refused = Answer(
                    try await client.execute(
                        uri: "/v1/events", method: .post, headers: [.contentType: "text/plain"], body: body))
                #expect(refused.isProblem(415))
                let unknown = Answer(
                    try await client.execute(
                        uri: "/v1/events?x=1", method: .post, headers: [.contentType: "application/json"], body: body))
                #expect(unknown.isProblem(400, parameter: "x"))
                #expect(try await push(line(1), client).status == 200)
            }
        }
    }
}
