import DatabaseTesting
import EventLog
import Ingest
import Postgres
import ShareServers
import Testing

@testable import Service

/// `GET /metrics`.
@Suite(.log) struct MetricsTests {
    /// The figures of an answer, by name and labels as written.
    static func figures(_ service: TestService) async throws -> [String: Double] {
        let answer = try await service.get("/metrics")
        #expect(answer.status == 200)
        #expect(answer.contentType == "text/plain; version=0.0.4; charset=utf-8")
        var figures: [String: Double] = [:]
        for line in answer.text.split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "))
            let name = String(line[..<space])
            #expect(figures[name] == nil, "\(name) stands twice")
            let value = try #require(Double(String(line[line.index(after: space)...])))
            figures[name] = value
        }
        return figures
    }

    @Test("An empty log has no entries, no lag and no sources")
    func empty() async throws {
        try await TestService.with { service in
            let figures = try await Self.figures(service)
            #expect(figures["dossier_log_entries_total{lane=\"0\"}"] == 0)
            #expect(figures["dossier_projection_lag_positions{projection=\"servers\",lane=\"0\"}"] == 0)
            #expect(figures["dossier_projection_lag_seconds{projection=\"servers\",lane=\"0\"}"] == 0)
            #expect(!figures.keys.contains { $0.hasPrefix("dossier_source") })
        }
    }

    @Test("What was appended and not applied shows as lag of each projection, in entries and in seconds")
    func lag() async throws {
        try await TestService.with { service in
            try await service.append([Sample.status(Sample.alpha, "active", at: 0)])
            let begun = Timestamp.now
            _ = try await service.log.append([
                Sample.status(Sample.alpha, "error", at: 60), Sample.status(Sample.alpha, "active", at: 120),
            ])
            let behind = try await Self.figures(service)
            let passed = Double(Timestamp.now.microseconds - begun.microseconds) / 1e6
            #expect(behind["dossier_log_entries_total{lane=\"0\"}"] == 3)
            for projection in ["servers", "call_stats", "coverage"] {
                let labels = "{projection=\"\(projection)\",lane=\"0\"}"
                #expect(behind["dossier_projection_position" + labels] == 1)
                #expect(behind["dossier_projection_lag_positions" + labels] == 2)
                let lag = try #require(behind["dossier_projection_lag_seconds" + labels])
                #expect(lag >= 0 && lag <= passed)
            }
            try await service.catchUp()
            let level = try await Self.figures(service)
            #expect(level["dossier_projection_position{projection=\"servers\",lane=\"0\"}"] == 3)
            #expect(level["dossier_projection_lag_seconds{projection=\"servers\",lane=\"0\"}"] == 0)
        }
    }

    @Test("A source that says when it watches shows its last sign of life, and whether it stopped")
    func sources() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.watching("/gateway/a", "started", at: 0), Sample.watching("/gateway/a", "alive", at: 30),
                Sample.watching("/poller/b", "started", at: 10),
                Sample.watching("/poller/b", "stopped", at: 20),
            ])
            let figures = try await Self.figures(service)
            let start = Double(Sample.time(0).microseconds) / 1e6
            #expect(figures["dossier_source_seen_timestamp_seconds{source=\"/gateway/a\"}"] == start + 30)
            #expect(figures["dossier_source_watching{source=\"/gateway/a\"}"] == 1)
            #expect(figures["dossier_source_seen_timestamp_seconds{source=\"/poller/b\"}"] == start + 20)
            #expect(figures["dossier_source_watching{source=\"/poller/b\"}"] == 0)
        }
    }

    @Test("Every family is described once, before its figures, and has a kind")
    func form() async throws {
        try await TestService.with { service in
            try await service.append([Sample.watching("/gateway/a", "started", at: 0)])
            var described: Set<String> = []
            var typed: Set<String> = []
            // Source: Prometheus, "Exposition formats".
            for line in try await service.get("/metrics").text.split(separator: "\n") {
                let words = line.split(separator: " ")
                if line.hasPrefix("# HELP ") {
                    #expect(described.insert(String(words[2])).inserted)
                } else if line.hasPrefix("# TYPE ") {
                    #expect(typed.insert(String(words[2])).inserted && ["counter", "gauge"].contains(words[3]))
                } else {
                    let family = String(line.prefix { $0 != "{" && $0 != " " })
                    #expect(described.contains(family) && typed.contains(family), "\(line)")
                }
            }
            #expect(described.count >= 5 && described == typed)
        }
    }
}

/// The same of a log of several lanes.
@Suite(.database) struct MetricsLaneTests {
    @Test("While the database is away it is said to be, beside what the process knows by itself")
    func away() async throws {
        try await TestService.with(pool: QueryService.pool(url: "host=/nonexistent dbname=none")) { service in
            let figures = try await MetricsTests.figures(service)
            #expect(figures["dossier_database_up"] == 0)
            #expect(figures["dossier_push_waiting"] == 0)
            #expect(!figures.keys.contains { $0.hasPrefix("dossier_log_entries_total") })
        }
        try await TestService.with { service in
            let figures = try await MetricsTests.figures(service)
            #expect(figures["dossier_database_up"] == 1)
        }
    }

    @Test("Every lane has figures of its own")
    func lanes() async throws {
        try await TestService.with(lanes: 3) { service in
            let servers = (1...40).map { Sample.server($0) }
            try await service.append(try servers.map { try Sample.status($0, "active", at: 0) })
            let figures = try await MetricsTests.figures(service)
            let sizes = try (0..<3).map { try #require(figures["dossier_log_entries_total{lane=\"\($0)\"}"]) }
            #expect(sizes.reduce(0, +) == 40)
            for (lane, size) in sizes.enumerated() {
                #expect(figures["dossier_projection_position{projection=\"servers\",lane=\"\(lane)\"}"] == size)
            }
        }
    }
}

/// How labels are written.
@Suite struct ExpositionTests {
    /// Source: Prometheus, "Exposition formats", "Comments, help text, and type information".
    @Test("Backslashes, quotes and line feeds of a label are escaped, and a family without figures is left out")
    func escaping() {
        var exposition = Exposition()
        exposition.add("none", .gauge, "Nothing.", [])
        exposition.add(
            "some", .counter, "Something.", [.init(1.5, [("path", "C:\\DIR"), ("error", "\"no\"\n")]), .init(2)])
        #expect(
            exposition.text == """
                # HELP some Something.
                # TYPE some counter
                some{path="C:\\\\DIR",error="\\"no\\"\\n"} 1.5
                some 2

                """)
    }
}
