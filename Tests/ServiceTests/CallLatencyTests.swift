import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `GET /v1/metrics/calls`: how fast calls were answered.
@Suite(.database) struct CallLatencyTests {
    /// Calls of these durations, from a moment on, a second apart.
    private func calls(_ durations: [Double?], from start: Double = 0) throws -> [Event] {
        try durations.enumerated().map { number, duration in
            let seconds = start + Double(number)
            return try Past.call(
                1 + number % 5, "show", 200, at: seconds, number: number,
                duration.map { ["duration_ms": .number($0)] } ?? [:])
        }
    }

    private func fleet(_ service: TestService, _ from: Double, _ until: Double) async throws -> JSON {
        let answer = try await service.calls(from, until, "&by=fleet")
        return try #require(answer.group())
    }

    /// Each percentile is within 1 % of a duration.
    private func expect(
        _ figures: JSON, p50: Double, p90: Double, p99: Double, max: Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (name, duration) in [("p50_ms", p50), ("p90_ms", p90), ("p99_ms", p99), ("max_ms", max)] {
            let told = figures[name]?.number ?? -1
            #expect(abs(told - duration) <= 0.01 * duration, "\(name): \(told)", sourceLocation: sourceLocation)
        }
    }

    // Source: the inverse of the empirical distribution function; Hyndman, Fan, "Sample quantiles in statistical
    // packages", The American Statistician 50, 1996, type 1: the value of rank ⌈q × n⌉.
    @Test("Percentiles are within 1 % of the call of their rank", arguments: [Int16(1), 3])
    func ranks(lanes: Int16) async throws {
        try await TestService.with(lanes: lanes) { service in
            // 150 calls, each 7 % longer than the one before, from 1 ms to 23.8 s, in an order of its own: 77 and 150
            // have no common divisor. They go on for 150 s, from the one hour into the next.
            let sorted = (0..<150).map { (pow(1.07, Double($0)) * 1000).rounded() / 1000 }
            try await service.append(calls((0..<150).map { sorted[$0 * 77 % 150] }, from: 3525))
            // Of 150: ⌈75⌉, ⌈135⌉, ⌈148.5⌉ and 150, counted from 1.
            let (p50, p90, p99, max) = (sorted[74], sorted[134], sorted[148], sorted[149])
            // Whole hours; whole ones and parts; parts alone.
            for (from, until) in [(0, 7200), (10, 7210), (3525, 3675)] as [(Double, Double)] {
                let figures = try await fleet(service, from, until)
                #expect(figures["timed"] == 150)
                expect(figures, p50: p50, p90: p90, p99: p99, max: max)
                #expect(figures["mean_ms"]?.isClose(to: sorted.reduce(0, +) / 150) == true)
            }
        }
    }

    @Test("Few calls have percentiles too, and those without a duration count in none of them")
    func fewCalls() async throws {
        try await TestService.with { service in
            // Hours of their own: three, ten, one, none timed, all the same.
            try await service.append(
                calls([60, nil, 10, 20, nil]) + calls((1...10).map { Double($0 * 10) }, from: 3600)
                    + calls([0.25], from: 7200) + calls([nil, nil], from: 10_800)
                    + calls(Array(repeating: 500.5, count: 7), from: 14_400))
            // ⌈1.5⌉ = 2 of 3, ⌈2.7⌉ = 3, ⌈2.97⌉ = 3.
            let three = try await fleet(service, 0, 3600)
            #expect(["calls", "timed", "mean_ms"].map { three[$0] } == [5, 3, 30])
            expect(three, p50: 20, p90: 60, p99: 60, max: 60)
            // 5 of 10, 9 of 10 and not the last, ⌈9.9⌉ = 10.
            let ten = try await fleet(service, 3600, 7200)
            #expect(ten["mean_ms"] == 55)
            expect(ten, p50: 50, p90: 90, p99: 100, max: 100)
            let one = try await fleet(service, 7200, 10_800)
            #expect(one["mean_ms"] == 0.25)
            expect(one, p50: 0.25, p90: 0.25, p99: 0.25, max: 0.25)
            let untimed = try await fleet(service, 10_800, 14_400)
            #expect(["calls", "timed"].map { untimed[$0] } == [2, 0])
            for name in ["mean_ms", "p50_ms", "p90_ms", "p99_ms", "max_ms"] { #expect(untimed[name] == .null) }
            let same = try await fleet(service, 14_400, 18_000)
            #expect(same["mean_ms"] == 500.5)
            expect(same, p50: 500.5, p90: 500.5, p99: 500.5, max: 500.5)
        }
    }

    @Test("One slow call in a hundred is in the max and not in the p99; of two, one is in the p99")
    func tail() async throws {
        try await TestService.with { service in
            try await service.append(calls(Array(repeating: 5, count: 99) + [90_000]))
            // Rank 99 of 100.
            expect(try await fleet(service, 0, 3600), p50: 5, p90: 5, p99: 5, max: 90_000)
            // ⌈99.99⌉ = 100 of 101: the other one, of 70 s.
            try await service.append(calls([70_000], from: 200))
            expect(try await fleet(service, 0, 3600), p50: 5, p90: 5, p99: 70_000, max: 90_000)
        }
    }

    @Test("Calls of all lanes are counted, in whole hours and in parts of them")
    func lanes() async throws {
        try await TestService.with(lanes: 3) { service in
            let receipts = try await service.append(
                (1...30).map {
                    try Past.call($0, "show", 200, at: Double($0) * 600, ["duration_ms": .number(Double($0))])
                })
            try #require(Set(receipts.map(\.position.lane)).count == 3)
            // From 600 to 18,000, every 600 s; 3,600 … 17,999 has numbers 6 to 29.
            #expect(try await fleet(service, 3600, 18_000)["calls"] == 24)
            #expect(try await fleet(service, 600, 18_001)["calls"] == 30)
            // Mean of 2 … 5: 3.5.
            let some = try await fleet(service, 601, 3001)
            #expect(["calls", "mean_ms"].map { some[$0] } == [4, 3.5])
        }
    }
}
