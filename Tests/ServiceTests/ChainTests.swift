import DatabaseTesting
import EventLog
import FoundationEssentials
import ShareServers
import Testing

/// `chain`: the servers that one back-end server has been.
@Suite(.database) struct ChainTests {
    /// How the third server names the first two.
    enum Naming: CaseIterable {
        /// The id of the one before.
        case former
        /// What the back end has called it from the first on.
        case first
    }

    /// Server 3 is managed at 10 and unmanaged at 20; as 1 it is managed again from 30 to 40, and as 2 from 50 on. Their
    /// numbers are not their order. Server 4 is another.
    private static func story(_ naming: Naming) throws -> [Event] {
        let (first, second, third) = (Sample.server(3), Sample.server(1), Sample.server(2))
        let former = naming == .former ? second : first
        return [
            try Sample.status(first, "active", at: 10, ["identifier": .string(first.lower)]),
            try Sample.call(first, "unmanage", 202, at: 19), try Sample.status(first, "absent", at: 20),
            try Sample.call(second, "manage", 202, at: 29),
            try Sample.status(second, "manage_starting", at: 30, ["identifier": .string(first.lower)]),
            try Sample.status(second, "active", at: 32), try Sample.status(second, "absent", at: 40),
            try Sample.status(third, "manage_starting", at: 50, ["identifier": .string(former.lower)]),
            try Sample.status(Sample.server(4), "active", at: 5, ["identifier": .string(Sample.server(4).lower)]),
        ]
    }

    /// Number, first second, and second of the end of each link.
    private func links(_ answer: JSON) -> [[Int?]] {
        (answer["chain"]?.array ?? []).map { link in
            [Sample.number(link["id"])]
                + ["first_seen", "gone"].map { name in
                    (0...100).first { .string(Sample.text(Double($0))) == link[name] }
                }
        }
    }

    private static let whole = [[3, 10, 20], [1, 30, 40], [2, 50, nil]]

    @Test(
        "A server that was unmanaged and managed again twice has the same chain under each of its ids, in order",
        arguments: [Int16(1), 4], Naming.allCases)
    func chain(lanes: Int16, naming: Naming) async throws {
        try await TestService.with(lanes: lanes) { service in
            let receipts = try await service.append(Self.story(naming))
            let lane = { (index: Int) -> JSON in .number(Double(receipts[index].position.lane.number)) }
            for number in 1...3 {
                let uri = "/v1/servers/\(Sample.server(number).lower)"
                let answer = try await service.good(uri)
                #expect(links(answer) == Self.whole, "\(number)")
                #expect(answer["chain"]?.column("lane") == [lane(0), lane(4), lane(7)])
                #expect(try await service.good("\(uri)/history")["chain"] == answer["chain"])
            }
            #expect(links(try await service.good("/v1/servers/\(Sample.server(4).lower)")) == [[4, 5, nil]])
        }
    }

    @Test("At a moment, a chain has the servers that had been seen by then", arguments: [Int16(1), 4], Naming.allCases)
    func atAMoment(lanes: Int16, naming: Naming) async throws {
        try await TestService.with(lanes: lanes) { service in
            try await service.append(Self.story(naming))
            let moments: [(Double, Int, [[Int?]])] = [
                (10, 3, [[3, 10, nil]]), (19.999999, 3, [[3, 10, nil]]), (20, 3, [[3, 10, 20]]),
                (29.999999, 3, [[3, 10, 20]]), (30, 3, [[3, 10, 20], [1, 30, nil]]),
                (30, 1, [[3, 10, 20], [1, 30, nil]]), (40, 1, [[3, 10, 20], [1, 30, 40]]), (50, 2, Self.whole),
            ]
            for (second, number, expected) in moments {
                let answer = try await service.good(
                    "/v1/servers/\(Sample.server(number).lower)?at=\(Sample.text(second))")
                #expect(links(answer) == expected, "\(number) at \(second)")
            }
        }
    }

    @Test("As of a position, a chain has the servers that were known by then")
    func knownAt() async throws {
        try await TestService.with { service in
            try await service.append(Self.story(.former))
            let known: [(Int, [[Int?]])] = [
                (1, [[3, 10, nil]]), (2, [[3, 10, nil]]), (3, [[3, 10, 20]]), (5, [[3, 10, 20], [1, 30, nil]]),
                (7, [[3, 10, 20], [1, 30, 40]]), (8, Self.whole), (9, Self.whole),
            ]
            for (size, expected) in known {
                for route in ["", "/history"] {
                    let uri = "/v1/servers/\(Sample.server(3).lower)\(route)?known_at=\(size)"
                    #expect(links(try await service.good(uri)) == expected, "\(uri)")
                }
            }
        }
    }

    @Test("A link that was told late was not known before")
    func lateIdentifier() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.status(Sample.server(1), "absent", at: 20), Sample.status(Sample.server(2), "active", at: 30),
            ])
            try await service.append([
                Sample.status(Sample.server(2), "active", at: 31, ["identifier": .string(Sample.server(1).lower)])
            ])
            let uri = "/v1/servers/\(Sample.server(2).lower)"
            #expect(links(try await service.good(uri)).map(\.first) == [1, 2])
            #expect(links(try await service.good("\(uri)?known_at=2")).map(\.first) == [2])
        }
    }

    @Test("A chain is followed from a server that nobody saw, by its successor's identifier")
    func unseenFormer() async throws {
        try await TestService.with(lanes: 4) { service in
            // Of the former, only that it was unmanaged is known.
            try await service.append([
                Sample.call(Sample.server(1), "unmanage", 202, at: 10),
                Sample.status(Sample.server(2), "active", at: 30, ["identifier": .string(Sample.server(1).lower)]),
            ])
            for number in [1, 2] {
                let answer = try await service.good("/v1/servers/\(Sample.server(number).lower)")
                // First those that were seen.
                #expect(links(answer) == [[2, 30, nil], [1, nil, nil]])
            }
        }
    }
}
