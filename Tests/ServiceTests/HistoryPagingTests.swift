import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// Paging through a history.
@Suite(.log) struct HistoryPagingTests {
    private let uri = "/v1/servers/\(Sample.alpha.lower)/history"

    /// Pages through the timeline and compares with the order that counts: time, then position.
    private func expectAll(_ microseconds: [Int64], limit: Int, in service: TestService) async throws {
        let receipts = try await service.append(
            microseconds.enumerated().map { number, time in
                try Event(
                    id: "e\(number)", source: "/test", type: EventType.call, time: Timestamp(microseconds: time),
                    subject: Sample.alpha.lower, data: ["operation": "delete", "http_status": 202])
            })
        let expected = zip(microseconds, receipts.map { Int($0.position.index) }).sorted { $0 < $1 }.map(\.1)
        let pages = try await service.pages("\(uri)?limit=\(limit)", of: "timeline")
        #expect(pages.joined().map { $0["position"]?.int } == expected)
        #expect(pages.dropLast().allSatisfy { $0.count == limit })
    }

    @Test("Paging meets every entry once, in order, though many happened at once", arguments: [1, 2, 7, 100])
    func manyAtOnce(limit: Int) async throws {
        try await TestService.with { service in
            var random = SplitMix(seed: UInt64(limit))
            let times = (0..<60).map { _ in Sample.time(Double(Int.random(in: 0..<8, using: &random))).microseconds }
            try await expectAll(times, limit: limit, in: service)
        }
    }

    @Test(
        "Paging works at any time that an event may have",
        arguments: [
            Timestamp.earliest.microseconds,  // the year 1
            -1_000_000,  // the last second before 1970
            9_007_199_254_740_992,  // 2^53: microseconds no longer fit a double
            Timestamp.latest.microseconds - 9,  // the year 9999
        ])
    func extremeTimes(first: Int64) async throws {
        try await TestService.with { service in
            try await expectAll((0..<10).map { first + $0 }, limit: 3, in: service)
        }
    }

    @Test("Visits are on the first page alone")
    func visitsOnce() async throws {
        try await TestService.with { service in
            try await service.append(Sample.life(of: Sample.alpha))
            var next: String? = "\(uri)?limit=3&reads=true"
            var visits: [Int?] = []
            var count = 0
            while let page = next {
                let answer = try await service.get(page)
                visits.append(answer.json["visits"]?.array?.count)
                count += answer.json["timeline"]?.array?.count ?? 0
                next = answer.next
            }
            #expect(visits == [3, nil, nil])
            #expect(count == 8)
        }
    }

    @Test("The next page keeps the window, and whether reads are wanted")
    func windowIsKept() async throws {
        try await TestService.with { service in
            try await service.append(
                (0..<40).map { try Sample.call(Sample.alpha, "show", 200, at: Double($0)) })
            let window = "from=2026-11-23T10:00:05%2B01:00&until=\(Sample.text(35))"
            let pages = try await service.pages("\(uri)?reads=true&limit=7&\(window)", of: "timeline")
            #expect(pages.joined().map { $0["position"]?.int } == Array(5..<35))
            #expect(try await service.pages("\(uri)?limit=7&\(window)", of: "timeline").joined().isEmpty)
        }
    }
}
