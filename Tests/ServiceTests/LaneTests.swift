import DatabaseTesting
import EventLog
import FoundationEssentials
import ShareServers
import Testing

/// A log of several lanes answers as one of a single lane does.
@Suite(.database) struct LaneTests {
    @Test("Every server is found in the lane that its entries are in")
    func serversOfAllLanes() async throws {
        try await TestService.with(lanes: 3) { service in
            let receipts = try await service.append(
                (1...30).map { try Sample.status(Sample.server($0), "active", at: Double($0)) })
            #expect(Set(receipts.map(\.position.lane)).count == 3)
            for (number, receipt) in zip(1...30, receipts) {
                let id = Sample.server(number).lower
                let place: JSON = [
                    "lane": .number(Double(receipt.position.lane.number)),
                    "position": .number(Double(receipt.position.index)),
                ]
                #expect(try await service.good("/v1/servers/\(id)").at("server.entry") == place)
                let history = try await service.good("/v1/servers/\(id)/history")
                #expect(history.at("timeline.0.event.subject") == .string(id))
                let entry = try await service.good("/v1/events/\(receipt.position)")
                #expect(entry.at("entry.event.subject") == .string(id))
            }
        }
    }

    @Test("Events come lane by lane in order of position, and one lane may be asked for alone")
    func eventsOfAllLanes() async throws {
        try await TestService.with(lanes: 3) { service in
            let receipts = try await service.append(
                (1...40).map { try Sample.status(Sample.server($0), "active", at: Double($0)) })
            let expected = receipts.map(\.position).sorted().map { [Int($0.lane.number), Int($0.index)] }
            func places(_ uri: String) async throws -> [[Int]] {
                try await service.pages(uri, of: "events").joined().map { entry in
                    [entry["lane"]?.int ?? -1, entry["position"]?.int ?? -1]
                }
            }
            for limit in [1, 7, 100] {
                #expect(try await places("/v1/events?limit=\(limit)") == expected)
                for lane in 0..<3 {
                    #expect(
                        try await places("/v1/events?lane=\(lane)&limit=\(limit)") == expected.filter { $0[0] == lane })
                }
            }
            #expect(try await service.get("/v1/events?lane=3").isProblem(400, parameter: "lane"))
        }
    }

    @Test("An answer is as of every lane")
    func asOfAllLanes() async throws {
        try await TestService.with(lanes: 3) { service in
            let receipts = try await service.append(
                (1...20).map { try Sample.status(Sample.server($0), "active", at: Double($0)) })
            let sizes = (0..<3).map { lane in JSON.number(Double(receipts.count { $0.position.lane.number == lane })) }
            for uri in ["/v1/servers", "/v1/events"] {
                let positions = try await service.good(uri).at("as_of.positions")
                #expect(positions?.column("lane") == [0, 1, 2])
                #expect(positions?.column("size") == sizes)
            }
        }
    }
}
