import DatabaseTesting
import FoundationEssentials
import ShareServers
import Testing

/// `gaps` of a server's history: when none of its sources was watching.
@Suite(.log) struct GapTests {
    /// Seconds of each gap; nil where it lasts.
    private func gaps(_ service: TestService, _ query: String = "") async throws -> [[Int?]] {
        let history = try await service.good("/v1/servers/\(Sample.alpha.lower)/history\(query)")
        return try #require(history["gaps"]?.array).map { gap in
            ["from", "until"].map { name in (0...1000).first { .string(Sample.text(Double($0))) == gap[name] } }
        }
    }

    /// `/poller` watches from 0 to 60 and from 100 to 120.
    private static func poller() throws -> [Event] {
        [
            try Sample.watching("/poller", "started", at: 0), try Sample.watching("/poller", "alive", at: 50),
            try Sample.watching("/poller", "stopped", at: 60), try Sample.watching("/poller", "started", at: 100),
            try Sample.watching("/poller", "alive", at: 120),
        ]
    }

    private static func seen(_ status: String, _ second: Double, by source: String = "/poller") throws -> Event {
        try Sample.sighting(Sample.alpha, status, by: source, at: second)
    }

    @Test("Between the runs of its source nobody watched a server, and after the last one nobody has yet")
    func lasting() async throws {
        try await TestService.with { service in
            try await service.append(Self.poller() + [Self.seen("active", 10)])
            #expect(try await gaps(service) == [[60, 100], [120, nil]])
        }
    }

    @Test("A gap that lasts is told the same again and again")
    func tag() async throws {
        try await TestService.with { service in
            try await service.append(Self.poller() + [Self.seen("active", 10)])
            let uri = "/v1/servers/\(Sample.alpha.lower)/history"
            let tag = try #require(try await service.get(uri).tag)
            #expect(try await service.get(uri).tag == tag)
        }
    }

    @Test("There is no gap before a server was first seen, and none after it was gone")
    func bounds() async throws {
        try await TestService.with { service in
            try await service.append(Self.poller() + [Self.seen("active", 80)])
            #expect(try await gaps(service) == [[80, 100], [120, nil]])
            try await service.append([Self.seen("absent", 150)])
            #expect(try await gaps(service) == [[80, 100], [120, 150]])
            // It had gone while the source was watching.
            try await service.append([Self.seen("absent", 110)])
            #expect(try await gaps(service) == [[80, 100]])
        }
    }

    @Test("A gap that a source told of is one within its run")
    func told() async throws {
        try await TestService.with { service in
            try await service.append(
                Self.poller() + [
                    Self.seen("active", 10), Sample.gap("/poller", from: 20, until: 35, at: 40),
                    // Begins before, and ends after, the run.
                    Sample.gap("/poller", from: 90, until: 105, at: 106),
                ])
            #expect(try await gaps(service) == [[20, 35], [60, 105], [120, nil]])
        }
    }

    @Test("A server is watched while any of its sources watches, and by no other")
    func sources() async throws {
        try await TestService.with { service in
            try await service.append(
                Self.poller() + [
                    Self.seen("active", 10), Sample.watching("/gateway", "started", at: 50),
                    Sample.watching("/gateway", "stopped", at: 90), Sample.watching("/gateway", "started", at: 110),
                    Sample.watching("/gateway", "alive", at: 200),
                ])
            // The gateway has told nothing of this server.
            #expect(try await gaps(service) == [[60, 100], [120, nil]])
            try await service.append([Self.seen("active", 55, by: "/gateway")])
            #expect(try await gaps(service) == [[90, 100], [200, nil]])
            // A source that never says when it watches is taken to watch always.
            try await service.append([Self.seen("active", 56, by: "/import")])
            #expect(try await gaps(service) == [])
        }
    }

    @Test("A late run of its source closes a gap; as of what was known before, it was open")
    func late() async throws {
        try await TestService.with { service in
            try await service.append(Self.poller() + [Self.seen("active", 10)])
            try await service.append([
                Sample.watching("/poller", "started", at: 70), Sample.watching("/poller", "stopped", at: 90),
            ])
            #expect(try await gaps(service) == [[60, 70], [90, 100], [120, nil]])
            #expect(try await gaps(service, "?known_at=6") == [[60, 100], [120, nil]])
        }
    }

    @Test("A server whose source says nothing of its watching has no gaps, nor has one that nobody has seen")
    func undeclared() async throws {
        try await TestService.with { service in
            try await service.append([Self.seen("active", 10, by: "/import")])
            #expect(try await gaps(service) == [])
        }
        try await TestService.with { service in
            try await service.append(Self.poller() + [Sample.call(Sample.beta, "delete", 404, at: 10)])
            #expect(try await service.good("/v1/servers/\(Sample.beta.lower)/history")["gaps"] == [])
        }
    }

    @Test("Gaps stand beside the first page alone, as how the server came and went do")
    func firstPage() async throws {
        try await TestService.with { service in
            try await service.append(Self.poller() + [Self.seen("active", 10), Self.seen("error", 20)])
            let first = try await service.get("/v1/servers/\(Sample.alpha.lower)/history?limit=1")
            let second = try await service.good(#require(first.next))
            for name in ["gaps", "appeared", "went", "chain"] {
                #expect(first.json[name] != nil && second[name] == nil, "\(name)")
            }
        }
    }

    @Test("A history of a window has the gaps that overlap it")
    func window() async throws {
        try await TestService.with { service in
            try await service.append(Self.poller() + [Self.seen("active", 10), Self.seen("absent", 150)])
            #expect(try await gaps(service, "?\(Sample.window(0, 1000))") == [[60, 100], [120, 150]])
            #expect(try await gaps(service, "?\(Sample.window(100, 120))") == [])
            #expect(try await gaps(service, "?\(Sample.window(20, 110))") == [[60, 100]])
            #expect(try await gaps(service, "?\(Sample.window(110, 200))") == [[120, 150]])
        }
    }
}
