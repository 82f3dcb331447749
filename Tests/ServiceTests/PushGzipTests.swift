import DatabaseTesting
import Foundation
import HTTPTypes
import Service
import ShareServers
import Testing

/// `POST /v1/events` with bodies that are compressed.
@Suite(.log, .timeLimit(.minutes(20))) struct PushGzipTests {
    private static let event =
        #"{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2026-11-23T09:00:00Z"}"#
    /// The same by `gzip -9 -n` 1.12.
    private static let compressed =
        "H4sIAAAAAAACA6tWKi5ITS5LLSrOzM9TslIy1DNQ0lHKTAExgYzi/NKi5FQgR78YyCupLACxS0DMzFwQ08jAyEzX0FDXyDjEwNLKwACIopRqAeSf5d5VAAAA"

    private func push(
        _ bytes: [UInt8], as type: String = "application/x-ndjson", encoding: String = "gzip",
        _ headers: HTTPFields = [:], to service: TestService
    ) async throws -> Answer {
        var headers = headers
        headers[.contentType] = type
        headers[.contentEncoding] = encoding
        return try await service.send(.post, "/v1/events", headers, body: bytes)
    }

    @Test("What gzip compressed is taken, under either name of the encoding", arguments: ["gzip", "x-gzip", " GZip "])
    func vector(encoding: String) async throws {
        try await TestService.with { service in
            let bytes = Array(try #require(Data(base64Encoded: Self.compressed)))
            let answer = try await push(bytes, encoding: encoding, to: service)
            #expect(answer.status == 200 && answer.json["accepted"] == 1, "\(answer)")
            let plain = try await service.push(Self.event)
            #expect(plain.json["known"] == 1, "\(plain)")
        }
    }

    @Test("Every mode may be compressed, and gives what it gives as it is")
    func modes() async throws {
        try await TestService.with { service in
            let life = try Sample.life(of: Sample.alpha).map(\.text)
            let lines = try await push(Gzip.member(life.joined(separator: "\n")), to: service)
            #expect(lines.json["accepted"] == 8, "\(lines)")
            let batch = try await push(
                Gzip.member("[" + life.joined(separator: ",") + "]"), as: "application/cloudevents-batch+json",
                to: service)
            #expect(batch.json["known"] == 8, "\(batch)")
            let one = try await push(Gzip.member(life[0]), as: "application/cloudevents+json", to: service)
            #expect(one.json["known"] == 1, "\(one)")
            let binary = try await push(
                Gzip.member(#"{"a":1}"#), as: "application/json",
                [
                    HTTPField.Name("ce-specversion")!: "1.0", HTTPField.Name("ce-id")!: "b",
                    HTTPField.Name("ce-source")!: "/b", HTTPField.Name("ce-type")!: "t",
                    HTTPField.Name("ce-time")!: "2026-11-23T09:00:00Z",
                ], to: service)
            #expect(binary.json["accepted"] == 1, "\(binary)")
            #expect(try await service.good("/v1/events/0/8").at("entry.event.data.a") == 1)
        }
    }

    @Test("Members that follow one another are one body; what follows the last is refused")
    func members() async throws {
        try await TestService.with { service in
            let second = Self.event.replacing("\"1\"", with: "\"2\"")
            // Source: RFC 1952, section 2.2. The first ends in the middle of an event.
            let both = Gzip.member(Self.event + "\n" + second.prefix(20)) + Gzip.member(String(second.dropFirst(20)))
            #expect(try await push(both, to: service).json["accepted"] == 2)
            let more = try await push(Gzip.member(Self.event) + Array("more".utf8), to: service)
            #expect(more.isProblem(400) && more.json["detail"]?.string?.contains("gzip") == true, "\(more)")
        }
    }

    @Test("A body that is no gzip, not all of one, or damaged, is refused as such, and nothing of it is kept")
    func broken() async throws {
        try await TestService.with { service in
            let good = Gzip.member(Self.event)
            var damaged = good
            damaged[damaged.count - 6] ^= 1
            let cut = [0, 1, 9, 10, good.count / 2, good.count - 8, good.count - 1].map { Array(good.prefix($0)) }
            for body in cut + [damaged, Array(Self.event.utf8), [0x78, 0x9C] + good.dropFirst(10)] {
                let answer = try await push(body, to: service)
                #expect(answer.isProblem(400), "\(body.count): \(answer)")
                #expect(answer.json["detail"]?.string?.contains("gzip") == true, "\(answer)")
            }
            #expect(try await service.good("/v1/events")["events"] == [])
        }
    }

    @Test("Limits count what comes out: a small body that stands for a large one is cut off")
    func bomb() async throws {
        var limits = QueryService.PushLimits()
        limits.bytes = 8 << 20
        try await TestService.with(limits: limits) { service in
            let bomb = Gzip.member([UInt8](repeating: 0x0A, count: 64 << 20))
            #expect(bomb.count < 100_000)
            let answer = try await push(bomb, to: service)
            #expect(answer.isProblem(413), "\(answer)")
            #expect(answer.json["detail"]?.string?.contains("\(limits.bytes) bytes") == true, "\(answer)")
            #expect(try await service.push(Self.event).status == 200)
        }
    }

    @Test(
        "Another encoding is refused with the one that is taken",
        arguments: ["br", "deflate", "zstd", "gzip, gzip", ""])
    func otherEncodings(encoding: String) async throws {
        try await TestService.with { service in
            let answer = try await push(Array(Self.event.utf8), encoding: encoding, to: service)
            #expect(answer.isProblem(415), "\(answer)")
            #expect(answer.headers[.acceptEncoding] == "gzip")
            #expect(try await service.good("/v1/events")["events"] == [])
        }
    }
}
