import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Testing

@testable import Service

/// Windows so long, over so many servers, that their microseconds do not fit into 64 bits.
@Suite(.log) struct LongWindowTests {
    private static let servers = 200
    /// 739,556 days from year 1 to 2025-11-17, and the servers were seen on one of the days after.
    private static let window = "from=0001-01-01T00:00:00Z&until=2026-01-01T00:00:00Z"

    /// Servers that were seen once, without a word of when they were created: before, they are unobserved.
    private func fill(_ service: TestService) async throws {
        let seen = Timestamp("2025-12-31T23:00:00Z")!
        try await service.append(
            try (1...Self.servers).map { number in
                try Event(
                    id: "seen/\(number)", source: "/test", type: EventType.status, time: seen,
                    subject: Sample.server(number).lower,
                    data: ["status": "active", "host": "h\(number % 2)", "project_id": "p"])
            })
    }

    @Test("Time in state of all that ever was adds up to the window times the servers", arguments: ["fleet", "host"])
    func timeInState(by: String) async throws {
        try await TestService.with { service in
            try await fill(service)
            let answer = try await service.good("/v1/metrics/time-in-state?by=\(by)&\(Self.window)")
            let groups = try #require(answer["groups"]?.array)
            #expect(groups.count == (by == "fleet" ? 1 : 2))
            // From 0001-01-01 to 2026-01-01 in the Gregorian calendar: 2,025 years of 365 days, and 491 leap days.
            let window = Double((2025 * 365 + 491) * 86_400)
            for group in groups {
                let servers = Double(Self.servers / groups.count)
                #expect(group["servers"]?.number == servers)
                #expect(group["window_s"]?.number == window * servers)
                #expect(group["unobserved_s"]?.number == (window - 3600) * servers)
                #expect(group["absent_s"]?.number == 0)
                #expect(group["statuses"]?.array?.count == 1)
                #expect(group.at("statuses.0.total_s")?.number == 3600 * servers)
            }
        }
    }

    @Test("Reliability and capacity of all that ever was are answered as well")
    func others() async throws {
        try await TestService.with { service in
            try await fill(service)
            let reliability = try await service.good("/v1/metrics/reliability?\(Self.window)")
            #expect(reliability.at("groups.0.serving_s")?.number == Double(3600 * Self.servers))
            #expect(reliability.at("groups.0.availability")?.number == 1)
            let capacity = try await service.good("/v1/metrics/capacity?\(Self.window)")
            let steps = try #require(capacity["steps"]?.array)
            let hours = steps.reduce(0.0) { $0 + ($1.at("classes.serving.server_hours")?.number ?? 0) }
            #expect(abs(hours - Double(Self.servers)) < 1e-6)
        }
    }
}
