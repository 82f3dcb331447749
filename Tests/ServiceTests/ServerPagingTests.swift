import DatabaseTesting
import FoundationEssentials
import ShareServers
import Testing

/// `GET /v1/servers` in pages.
@Suite(.database) struct ServerPagingTests {
    private static let count = 250

    private func fill(_ service: TestService) async throws {
        try await service.append(
            (1...Self.count).map { number in
                try Sample.status(
                    Sample.server(number), number % 2 == 0 ? "active" : "error", at: Double(number),
                    ["host": number % 5 == 0 ? "a&b=c #+%" : "lab"])
            })
    }

    private func ids(_ numbers: some Sequence<Int>) -> Set<String> { Set(numbers.map { Sample.server($0).lower }) }

    @Test(
        "While events come in, paging through all servers meets each of them once", arguments: [1, 7, 100],
        [Int16(1), 3])
    func everyServerOnce(limit: Int, lanes: Int16) async throws {
        try await TestService.with(lanes: lanes) { service in
            try await fill(service)
            let pages = try await service.pages("/v1/servers?limit=\(limit)", of: "servers") { page in
                // A status that changes, and a server that was not there: before the place, and behind it.
                guard page % max(1, 40 / limit) == 0 else { return }
                let second = 1000 + Double(page)
                try await service.append([
                    Sample.status(Sample.server(page % Self.count + 1), "deleting", at: second),
                    Sample.status(Sample.server(10_000 + page), "creating", at: second),
                ])
            }
            let seen = pages.joined().compactMap { $0["id"]?.string }
            #expect(Set(seen).count == seen.count)
            #expect(ids(1...Self.count).subtracting(seen) == [])
            #expect(pages.dropLast().allSatisfy { $0.count == limit })
            #expect((1...limit).contains(pages.last?.count ?? 0))
        }
    }

    @Test("The next page keeps the filters and the moment", arguments: ["", "&at=2026-11-23T10:00:00%2B00:00"])
    func filtersAreKept(at: String) async throws {
        try await TestService.with(lanes: 2) { service in
            try await fill(service)
            let uri = "/v1/servers?status=active&host=\("a&b=c #+%".escaped)&limit=4\(at)"
            let pages = try await service.pages(uri, of: "servers") { page in
                guard page == 1 else { return }
                // Later than the moment that is asked about.
                try await service.append([Sample.status(Sample.server(240), "error", at: 7200)])
            }
            let seen = pages.joined().compactMap { $0["id"]?.string }
            let expected = ids((1...Self.count).filter { $0 % 10 == 0 })
            #expect(seen.count == Set(seen).count)
            #expect(Set(seen).subtracting(expected) == [])
            #expect(expected.subtracting(seen).subtracting(at.isEmpty ? ids([240]) : []) == [])
        }
    }

    @Test("A page that holds exactly the rest is the last", arguments: [125, 250, 1000])
    func exactPages(limit: Int) async throws {
        try await TestService.with { service in
            try await fill(service)
            let pages = try await service.pages("/v1/servers?limit=\(limit)", of: "servers")
            #expect(pages.map(\.count) == (limit == 125 ? [125, 125] : [250]))
        }
    }

    @Test("A page has a hundred rows unless told otherwise")
    func usualLimit() async throws {
        try await TestService.with { service in
            try await fill(service)
            #expect(try await service.pages("/v1/servers", of: "servers").map(\.count) == [100, 100, 50])
            #expect(try await service.pages("/v1/events", of: "events").map(\.count) == [100, 100, 50])
        }
    }
}
