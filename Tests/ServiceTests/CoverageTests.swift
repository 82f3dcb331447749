import DatabaseTesting
import FoundationEssentials
import ShareServers
import Testing

/// `GET /v1/coverage`.
@Suite(.log) struct CoverageTests {
    /// A run or a gap as `source state from–until`, with a full stop where the source said goodbye.
    private func told(_ intervals: [JSON]) -> [String] {
        intervals.map { interval in
            let seconds = ["from", "until"].map { name in
                (0...1000).first { .string(Sample.text(Double($0))) == interval[name] } ?? -1
            }
            let end = interval["has_stopped"] == true ? "." : ""
            return "\(interval["source"]?.string ?? "-") \(interval["state"]?.string ?? "-") "
                + "\(seconds[0])–\(seconds[1])\(end)"
        }
    }

    private func intervals(_ service: TestService, _ query: String) async throws -> [String] {
        told(try #require(try await service.good("/v1/coverage?\(query)")["intervals"]?.array))
    }

    /// One source, by its name.
    private func source(_ name: String, _ service: TestService, _ query: String) async throws -> JSON? {
        try await service.good("/v1/coverage?\(query)")["sources"]?.array?.first { $0["source"] == .string(name) }
    }

    /// `/a` runs from 0 to 60, with a gap from 20 to 35 that it tells of at 40, is killed, and runs again from 100 to 120.
    /// `/b` runs from 50 to 150, and has not stopped.
    private static func fleet() throws -> [Event] {
        [
            try Sample.watching("/a", "started", at: 0), try Sample.watching("/a", "alive", at: 20),
            try Sample.gap("/a", from: 20, until: 35, at: 40), try Sample.watching("/b", "started", at: 50),
            try Sample.watching("/a", "alive", at: 60), try Sample.watching("/a", "started", at: 100),
            try Sample.watching("/b", "alive", at: 110), try Sample.watching("/a", "stopped", at: 120),
            try Sample.watching("/b", "alive", at: 150),
        ]
    }

    private static let all = ["/a watching 0–60", "/a gap 20–35", "/a watching 100–120.", "/b watching 50–150"]

    @Test("A source watches from its start to its last sign of life; one that was killed starts a run of its own")
    func runs() async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            #expect(try await intervals(service, Sample.window(0, 1000)) == Self.all)
            let answer = try await service.good("/v1/coverage?\(Sample.window(0, 1000))")
            // Where each began: the two starts of /a, its gap, the start of /b.
            #expect(answer["intervals"]?.array?.map { $0.at("entry.position") } == [0, 2, 5, 3])
            #expect(answer["next_cursor"] == .null)
        }
    }

    @Test("What a source watched is the length of its runs less its gaps, within the window")
    func watched() async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            // (window, seconds of /a, seconds of /b)
            let cases: [(Double, Double, Double, Double)] = [
                // (60 − 15) + 20 = 65 and 100 of 200 s.
                (0, 200, 65, 100),
                // From 30: 60 − 35 = 25, and 110 − 100 = 10; 110 − 50 = 60.
                (30, 110, 35, 60),
                // Within the gap; before /b.
                (20, 35, 0, 0),
                // Between the runs of /a.
                (60, 100, 0, 40), (500, 600, 0, 0),
            ]
            for (from, until, a, b) in cases {
                for (name, seconds) in [("/a", a), ("/b", b)] {
                    let source = try await source(name, service, Sample.window(from, until))
                    #expect(source?["watched_s"] == .number(seconds), "\(name) \(from)–\(until)")
                    #expect(source?["watched_share"] == .number(seconds / (until - from)), "\(name) \(from)–\(until)")
                    #expect(source?["has_declared"] == true)
                    #expect(source?["servers"] == 0)
                }
            }
        }
    }

    @Test("What came late or out of order changes the runs as if it had come in time", arguments: 0..<8)
    func order(seed: UInt64) async throws {
        try await TestService.with { service in
            var random = SplitMix(seed: seed)
            // One by one, so that each is applied to what the others have left.
            for event in try Self.fleet().shuffled(using: &random) { try await service.append([event]) }
            #expect(try await intervals(service, Sample.window(0, 1000)) == Self.all)
            #expect(try await source("/a", service, Sample.window(0, 200))?["watched_s"] == 65)
        }
    }

    @Test("A late sign of life lengthens a run, and a late start or stop divides it")
    func late() async throws {
        try await TestService.with { service in
            let query = Sample.window(0, 1000)
            try await service.append([
                Sample.watching("/a", "started", at: 0), Sample.watching("/a", "alive", at: 100),
            ])
            #expect(try await intervals(service, query) == ["/a watching 0–100"])
            try await service.append([Sample.watching("/a", "alive", at: 50)])
            #expect(try await intervals(service, query) == ["/a watching 0–100"])
            // It was started again at 80, and had last been heard of at 50.
            try await service.append([Sample.watching("/a", "started", at: 80)])
            #expect(try await intervals(service, query) == ["/a watching 0–50", "/a watching 80–100"])
            try await service.append([Sample.watching("/a", "alive", at: 70)])
            #expect(try await intervals(service, query) == ["/a watching 0–70", "/a watching 80–100"])
            try await service.append([Sample.watching("/a", "stopped", at: 60)])
            // After a goodbye, the next sign of life begins a run.
            #expect(
                try await intervals(service, query) == [
                    "/a watching 0–60.", "/a watching 70–70", "/a watching 80–100",
                ])
        }
    }

    @Test(
        "A run or a gap is listed where it overlaps the half-open window",
        arguments: [
            // [0, 60), [20, 35), [100, 120) and [50, 150).
            (60, 100, ["/b watching 50–150"]), (59, 100, ["/a watching 0–60", "/b watching 50–150"]),
            (60, 101, ["/a watching 100–120.", "/b watching 50–150"]), (0, 20, ["/a watching 0–60"]),
            (34, 50, ["/a watching 0–60", "/a gap 20–35"]), (35, 50, ["/a watching 0–60"]), (150, 200, []),
        ] as [(Double, Double, [String])])
    func windows(from: Double, until: Double, expected: [String]) async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            #expect(try await intervals(service, Sample.window(from, until)) == expected)
        }
    }

    @Test("A run of a single sign of life is listed in the window that it lies in")
    func moment() async throws {
        try await TestService.with { service in
            try await service.append([Sample.watching("/a", "started", at: 50)])
            #expect(try await intervals(service, Sample.window(50, 60)) == ["/a watching 50–50"])
            #expect(try await intervals(service, Sample.window(40, 50)) == [])
            #expect(try await source("/a", service, Sample.window(0, 100))?["watched_s"] == 0)
        }
    }

    @Test("A source that never says when it watches is told from one that does, with the servers of each")
    func declared() async throws {
        try await TestService.with { service in
            try await service.append(
                Self.fleet() + [
                    Sample.sighting(Sample.server(1), "active", by: "/a", at: 5),
                    Sample.sighting(Sample.server(1), "error", by: "/a", at: 6),
                    Sample.sighting(Sample.server(2), "active", by: "/a", at: 7),
                    Sample.sighting(Sample.server(2), "active", by: "/import", at: 8),
                    Sample.call(Sample.server(3), "delete", 202, at: 9),
                ])
            let answer = try await service.good("/v1/coverage?\(Sample.window(0, 200))")
            // The call's source has told the status of no server.
            let sources = answer["sources"]?.array?.map { source in
                ["source", "servers", "has_declared", "watched_s", "watched_share"].map { source[$0] ?? .null }
            }
            #expect(
                sources == [
                    // 65 ÷ 200 and 100 ÷ 200.
                    ["/a", 2, true, 65, 0.325], ["/b", 0, true, 100, 0.5], ["/import", 1, false, .null, .null],
                ])
        }
    }

    @Test("One source may be asked for alone")
    func filter() async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let answer = try await service.good("/v1/coverage?\(Sample.window(0, 1000))&source=%2Fb")
            #expect(told(try #require(answer["intervals"]?.array)) == ["/b watching 50–150"])
            #expect(answer["sources"]?.column("source") == ["/b"])
            let nobody = try await service.good("/v1/coverage?\(Sample.window(0, 1000))&source=%2F")
            #expect(nobody["intervals"] == [] && nobody["sources"] == [])
        }
    }

    @Test(
        "Paging meets every run and every gap once, in order; sources stand beside the first page",
        arguments: [1, 2, 3])
    func paging(limit: Int) async throws {
        try await TestService.with { service in
            try await service.append(Self.fleet())
            let uri = "/v1/coverage?\(Sample.window(0, 1000))&limit=\(limit)"
            let pages = try await service.pages(uri, of: "intervals")
            #expect(told(pages.flatMap { $0 }) == Self.all)
            #expect(pages.dropLast().allSatisfy { $0.count == limit })
            let first = try await service.get(uri)
            #expect(first.json["sources"]?.array?.count == 2)
            #expect(try await service.good(#require(first.next))["sources"] == nil)
        }
    }
}
