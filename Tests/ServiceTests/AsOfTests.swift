import DatabaseTesting
import EventLog
import Foundation
import HTTPTypes
import Postgres
import ShareServers
import Testing
import TransparencyLog

/// What an answer is true as of, and whether the client has it already.
@Suite(.log) struct AsOfTests {
    private static let routes = [
        "/v1/servers", "/v1/servers?at=2026-11-23T09:00:08Z&status=active", "/v1/servers?limit=1",
        "/v1/servers/\(Sample.alpha.lower)", "/v1/servers/\(Sample.alpha.lower)?at=2026-11-23T09:00:08Z",
        "/v1/servers/\(Sample.alpha.lower)/history", "/v1/servers/\(Sample.alpha.lower)/history?limit=2",
        "/v1/events", "/v1/events?type=status&limit=1", "/v1/events/0/3",
    ]

    private func fill(_ service: TestService) async throws {
        try await service.append(Sample.life(of: Sample.alpha) + Sample.life(of: Sample.beta))
    }

    /// The root over the first `size` entries, of what the log serves.
    private func root(_ size: Int, _ service: TestService) async throws -> JSON {
        let page = try await service.good("/v1/events?limit=1000")
        let bodies = try #require(page["events"]?.array).prefix(size).map { ($0["event"] ?? .null).canonical() }
        return .string(Data(Tree.root(bodies).bytes).base64EncodedString())
    }

    @Test("Every answer says how many entries it rests on, and the root of the tree over them", arguments: routes)
    func positions(uri: String) async throws {
        try await TestService.with { service in
            try await fill(service)
            let before = Timestamp.now
            let asOf = try #require(try await service.good(uri)["as_of"])
            #expect(try await asOf["positions"] == [["lane": 0, "size": 16, "root": root(16, service)]])
            #expect(asOf["lag_positions"] == 0)
            #expect(asOf["lag_s"] == 0)
            let time = try #require(asOf["time"]?.string.flatMap { Timestamp($0) })
            #expect((before...Timestamp.now).contains(time))
        }
    }

    @Test("An answer of projections that lag says by how much, and names the root over what it rests on")
    func lag() async throws {
        try await TestService.with { service in
            try await fill(service)
            let applied = try await service.good("/v1/servers")
            // Appended, and not applied.
            _ = try await service.log.append([
                Sample.status(Sample.alpha, "active", at: 50), Sample.status(Sample.server(3), "active", at: 51),
            ])
            for uri in Self.routes where !uri.hasPrefix("/v1/events") {
                let asOf = try #require(try await service.good(uri)["as_of"])
                #expect(try await asOf["positions"] == [["lane": 0, "size": 16, "root": root(16, service)]])
                #expect(asOf["lag_positions"] == 2)
                #expect(try #require(asOf["lag_s"]?.number) >= 0)
            }
            #expect(try await service.good("/v1/servers")["servers"] == applied["servers"])
            // The log itself never lags.
            let asOf = try await service.good("/v1/events")["as_of"]
            #expect(try await asOf?["positions"] == [["lane": 0, "size": 18, "root": root(18, service)]])
            #expect(asOf?["lag_positions"] == 0)
            try await service.catchUp()
            let level = try await service.good("/v1/servers")
            #expect(level["servers"]?.array?.count == 3)
            #expect(level.at("as_of.positions.0.size") == 18)
        }
    }

    @Test(
        "An answer as of fewer entries names the root over these, whatever came later, in every route that takes them")
    func fewer() async throws {
        try await TestService.with { service in
            try await fill(service)
            try await service.append(
                (0..<600).map { try Sample.status(Sample.server(9), "active", at: 60 + Double($0)) })
            let routes = [
                "/v1/servers", "/v1/servers/\(Sample.alpha.lower)", "/v1/servers/\(Sample.alpha.lower)/history",
                "/v1/servers/diff", "/v1/metrics/time-in-state", "/v1/metrics/reliability", "/v1/metrics/capacity",
                "/v1/metrics/calls", "/v1/errors", "/v1/stuck", "/v1/coverage", "/v1/conformance", "/v1/events",
            ]
            for (number, uri) in routes.enumerated() {
                let size = [1, 16, 255, 256, 257, 615][number % 6]
                let answer = try await service.good("\(uri)?known_at=\(size)")
                #expect(
                    try await answer.at("as_of.positions") == [
                        ["lane": 0, "size": .number(Double(size)), "root": root(size, service)]
                    ],
                    "\(uri)")
            }
        }
    }

    @Test("Where a hash of the tree is missing an answer is given all the same, and names no root")
    func damaged() async throws {
        try await TestService.with { service in
            try await service.append((0..<600).map { try Sample.status(Sample.alpha, "active", at: Double($0)) })
            let connection = try await Connection.open(service.url)
            try await connection.run { connection in
                try connection.execute("ALTER TABLE dossier.subtrees DISABLE TRIGGER append_only")
                try connection.execute("DELETE FROM dossier.subtrees")
            }
            await connection.close()
            let answer = try await service.good("/v1/servers?known_at=300")
            #expect(answer["servers"]?.array?.count == 1)
            #expect(answer.at("as_of.positions") == [["lane": 0, "size": 300, "root": .null]])
        }
    }

    @Test("Before the first event an answer rests on nothing")
    func empty() async throws {
        try await TestService.with { service in
            // Source: RFC 6962, section 2.1: SHA-256 of nothing.
            let root: JSON = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
            for uri in ["/v1/servers", "/v1/events"] {
                let answer = try await service.good(uri)
                #expect(answer.at("as_of.positions") == [["lane": 0, "size": 0, "root": root]])
            }
        }
    }

    @Test("An answer keeps its tag until something is appended", arguments: routes)
    func tags(uri: String) async throws {
        try await TestService.with { service in
            try await fill(service)
            let first = try await service.get(uri)
            let second = try await service.get(uri)
            // Weak, as the time in the answer goes on, and quoted. Source: RFC 9110, section 8.8.3.
            let tag = try #require(first.tag)
            #expect(tag.wholeMatch(of: #/W/"[\x21\x23-\x7E]+"/#) != nil)
            #expect(second.tag == tag)
            // The time it is as of has gone on; all else is the same.
            #expect(first.json.at("as_of.time") != second.json.at("as_of.time"))
            try await service.append([Sample.status(Sample.alpha, "active", at: 60)])
            #expect(try await service.get(uri).tag != tag)
        }
    }

    @Test("Different answers have different tags")
    func differentTags() async throws {
        try await TestService.with { service in
            try await fill(service)
            var tags: [String] = []
            for uri in Self.routes { tags.append(try #require(try await service.get(uri).tag)) }
            #expect(Set(tags).count == tags.count)
        }
    }

    @Test("A client that has the answer is told so, and gets no body", arguments: routes)
    func notModified(uri: String) async throws {
        try await TestService.with { service in
            try await fill(service)
            let tag = try #require(try await service.get(uri).tag)
            // Source: RFC 9110, section 13.1.2: a list, weak comparison, or anything.
            for condition in [tag, "\"other\", \(tag)", "\"other\",\(tag) , \"more\"", "\(tag.dropFirst(2))", "*"] {
                let answer = try await service.get(uri, [.ifNoneMatch: condition])
                #expect(answer.status == 304, "\(condition)")
                #expect(answer.body.isEmpty)
                #expect(answer.tag == tag)
            }
            for condition in ["\"other\"", tag.replacing("\"", with: ""), "\"\""] {
                #expect(try await service.get(uri, [.ifNoneMatch: condition]).status == 200, "\(condition)")
            }
            try await service.append([Sample.status(Sample.alpha, "active", at: 60)])
            #expect(try await service.get(uri, [.ifNoneMatch: tag]).status == 200)
        }
    }

    @Test(
        "HEAD answers as GET does, without the body",
        arguments: routes + ["/healthz", "/readyz", "/openapi.json", "/metrics", "/"])
    func head(uri: String) async throws {
        try await TestService.with { service in
            try await fill(service)
            let get = try await service.get(uri)
            let head = try await service.send(.head, uri)
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(head.tag == get.tag)
            #expect(head.contentType == get.contentType)
            #expect(head.next == get.next)
        }
    }
}
