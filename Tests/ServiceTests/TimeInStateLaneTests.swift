import DatabaseTesting
import EventLog
import ShareServers
import Testing

/// `GET /v1/metrics/time-in-state` over a log of several lanes.
@Suite(.database) struct TimeInStateLaneTests {
    /// Servers 1 to 20, active from the second of their number on.
    private func fill(_ service: TestService) async throws -> [Receipt] {
        try await service.append((1...20).map { try Past.status($0, "active", at: Double($0)) })
    }

    @Test("Servers of all lanes make up the fleet, and pages go through them in order")
    func allLanes() async throws {
        try await TestService.with(lanes: 3) { service in
            let receipts = try await fill(service)
            try #require(Set(receipts.map(\.position.lane)).count == 3)
            let fleet = try #require(try await service.timeInState(0, 100).group())
            // Unobserved 1 + 2 + … + 20 = 210.
            #expect(fleet["servers"] == 20)
            #expect(fleet.seconds == ["unobserved": 210, "active": 1790])
            let whole = try await service.timeInState(0, 100, "&by=server")["groups"]
            #expect(whole?.column("group") == (1...20).map { .string(Sample.server($0).lower) })
            let uri = "/v1/metrics/time-in-state?\(Past.window(0, 100))&by=server&limit=7"
            let pages = try await service.pages(uri, of: "groups")
            #expect(pages.map(\.count) == [7, 7, 6])
            #expect(.array(Array(pages.joined())) == whole)
            for number in [1, 7, 20] {
                let one = try await service.timeInState(0, 100, "&server_id=\(Sample.server(number).lower)").group()
                #expect(one?.seconds == ["unobserved": Double(number), "active": 100 - Double(number)])
            }
        }
    }

    // Source: design, "An event": events that name no server are in lane 0, and servers are in all.
    @Test("A source that watches does so for servers of every lane")
    func coverage() async throws {
        try await TestService.with(lanes: 3) { service in
            try await service.append([
                Past.coverage("/poller", "started", at: 0), Past.coverage("/poller", "stopped", at: 50),
            ])
            try #require(Set(try await fill(service).map(\.position.lane)).count == 3)
            // Each is unobserved for 50 more.
            let fleet = try await service.timeInState(0, 100).group()
            #expect(fleet?.seconds == ["unobserved": 1210, "active": 790])
        }
    }

    @Test("A position that is asked about is told for each lane, in any order")
    func knownAt() async throws {
        try await TestService.with(lanes: 2) { service in
            let receipts = try await fill(service)
            let sizes = [Lane(0), 1].map { lane in receipts.count { $0.position.lane == lane } }
            try #require(sizes.allSatisfy { $0 > 0 })
            func servers(_ known: String) async throws -> JSON? {
                let answer = try await service.timeInState(0, 100, "&known_at=\(known)")
                return answer["groups"] == [] ? 0 : answer.group()?["servers"]
            }
            #expect(try await servers("0:\(sizes[0]),1:0") == .number(Double(sizes[0])))
            #expect(try await servers("1:\(sizes[1]),0:0") == .number(Double(sizes[1])))
            #expect(try await servers("0:1,1:1") == 2)
            #expect(try await servers("0:0,1:0") == 0)
            #expect(try await servers("0:99,1:99") == 20)
            for known in ["5", "0:1", "0:1,0:1", "0:1,2:1", "0:1,1:1,"] {
                let uri = "/v1/metrics/time-in-state?\(Past.window(0, 100))&known_at=\(known)"
                let answer = try await service.get(uri)
                #expect(answer.isProblem(400, parameter: "known_at"), "\(known): \(answer)")
            }
        }
    }
}
