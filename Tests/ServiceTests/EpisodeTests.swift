import DatabaseTesting
import FoundationEssentials
import ShareServers
import Testing

/// `GET /v1/errors`: how servers failed, and what ended that.
@Suite(.log) struct EpisodeTests {
    private static let place: [String: JSON] = ["host": "lab@alpha", "project_id": "p1", "share_network_id": "n1"]
    private static let bob: JSON = ["user_id": "bob", "project_id": "admin"]

    /// A server that is seen in use at 10 and failed at 20.
    private static func failed(_ server: Int) throws -> [Event] {
        [
            try Sample.status(Sample.server(server), "active", at: 10, place),
            try Sample.status(Sample.server(server), "error", at: 20, notBefore: 18),
        ]
    }

    /// All that is answered of a window that holds everything.
    private func errors(_ service: TestService, _ query: String = "") async throws -> [JSON] {
        let answer = try await service.good("/v1/errors?\(Sample.window(0, 1000))\(query)")
        #expect(answer["next_cursor"] == .null)
        return try #require(answer["errors"]?.array)
    }

    @Test("An episode is told with its bounds, its statuses, its place, its cause and what ended it")
    func whole() async throws {
        try await TestService.with { service in
            try await service.append(
                Self.failed(1) + [
                    Sample.call(
                        Sample.server(1), "reset_status", 202, at: 30, ["request_id": "req-1", "actor": Self.bob]),
                    Sample.status(Sample.server(1), "active", at: 31),
                ])
            // From 20 to 31: 11 s.
            #expect(
                try await errors(service) == [
                    [
                        "kind": "episode", "at": "2026-11-23T09:00:20.000000Z",
                        "server_id": .string(Sample.server(1).lower), "entry": ["lane": 0, "position": 1],
                        "host": "lab@alpha", "project_id": "p1", "share_network_id": "n1", "status": "error",
                        "former_status": "active", "not_before": "2026-11-23T09:00:18.000000Z",
                        "until": "2026-11-23T09:00:31.000000Z", "until_status": "active", "duration_s": 11,
                        "resolution": "reset", "is_asserted": false, "visits": 1, "recurrence": 0, "cause": .null,
                        "remedy": [
                            "lane": 0, "position": 2, "at": "2026-11-23T09:00:30.000000Z",
                            "type": "org.openstack.manila.share_server.call", "operation": "reset_status",
                            "http_status": 202, "request_id": "req-1", "actor": Self.bob,
                        ],
                    ]
                ])
        }
    }

    /// What comes after a server has failed: calls and their answers, and the next status and its second.
    private static let endings: [(calls: [(String, Int, Double)], next: (String, Double)?, resolution: String?)] = [
        ([("reset_status", 202, 30)], ("active", 31), "reset"), ([("delete", 202, 30)], ("deleting", 32), "delete"),
        ([("unmanage", 202, 30)], ("unmanage_starting", 33), "unmanage"),
        ([("reset_task_state", 202, 30)], ("active", 34), "retry"),
        ([("migration_cancel", 202, 30)], ("active", 34), "retry"), ([], ("active", 35), "itself"),
        ([], ("absent", 36), "itself"),
        // A refused call ends nothing, nor one that only reads; of two accepted ones the last counts.
        ([("delete", 409, 30)], ("active", 37), "itself"), ([("show", 200, 30)], ("active", 38), "itself"),
        ([("delete", 202, 30), ("reset_status", 202, 31)], ("active", 39), "reset"),
        ([("reset_status", 202, 30), ("delete", 202, 31), ("reset_status", 403, 32)], ("deleting", 40), "delete"),
        // Nothing has ended it yet, though it was asked for.
        ([("reset_status", 202, 30)], nil, nil), ([], nil, nil),
    ]

    @Test("An episode says what ended it: the last accepted call since, none, or that it lasts")
    func resolutions() async throws {
        try await TestService.with { service in
            for (number, ending) in zip(1..., Self.endings) {
                let server = Sample.server(number)
                try await service.append(
                    Self.failed(number)
                        + ending.calls.map { try Sample.call(server, $0.0, $0.1, at: $0.2) }
                        + [ending.next].compactMap { $0 }.map { try Sample.status(server, $0.0, at: $0.1) })
            }
            let episodes = try await errors(service, "&kind=episode")
            #expect(episodes.map { Sample.number($0["server_id"]) } == Array(1...Self.endings.count))
            for (episode, ending) in zip(episodes, Self.endings) {
                let place: Comment = "\(ending)"
                #expect(episode["resolution"] == ending.resolution.map { .string($0) } ?? .null, place)
                #expect(episode["until_status"] == ending.next.map { .string($0.0) } ?? .null, place)
                #expect(episode["until"] == ending.next.map { .string(Sample.text($0.1)) } ?? .null, place)
                // From 20 on.
                #expect(episode["duration_s"] == ending.next.map { .number($0.1 - 20) } ?? .null, place)
                #expect(episode["is_asserted"] == false, place)
                let isByCall = ![nil, "itself"].contains(ending.resolution)
                #expect((episode["remedy"] != .null) == isByCall, place)
            }
        }
    }

    @Test("A failure that an operator asserted is told apart from one that was observed")
    func asserted() async throws {
        try await TestService.with { service in
            for (number, call) in zip(1..., [("reset_status", 202), ("migration_start", 202), ("reset_status", 403)]) {
                try await service.append([
                    Sample.status(Sample.server(number), "active", at: 10),
                    Sample.call(Sample.server(number), call.0, call.1, at: 15, ["actor": Self.bob]),
                    Sample.status(Sample.server(number), "error", at: 20),
                ])
            }
            let episodes = try await errors(service, "&kind=episode")
            #expect(episodes.column("is_asserted") == [true, false, false])
            #expect(episodes.map { $0.at("cause.operation") } == ["reset_status", "migration_start", nil])
            #expect(episodes[0].at("cause.actor.user_id") == "bob")
            #expect(episodes[2]["cause"] == .null)
        }
    }

    @Test("A call before the former change is not the cause of a failure, and one after the failure is not either")
    func causeBounds() async throws {
        try await TestService.with { service in
            // The call made the server 'deleting' at 12; that it failed at 20 had no call of its own.
            try await service.append([
                Sample.status(Sample.alpha, "active", at: 10), Sample.call(Sample.alpha, "delete", 202, at: 11),
                Sample.status(Sample.alpha, "deleting", at: 12), Sample.status(Sample.alpha, "error", at: 20),
                Sample.call(Sample.alpha, "delete", 202, at: 21),
            ])
            let episode = try #require(try await errors(service).first)
            #expect(episode["cause"] == .null)
            #expect(episode["former_status"] == "deleting")
            #expect(episode["remedy"] == .null)
        }
    }

    @Test("Failed statuses in a row are one episode; one that comes after another status recurs")
    func visitsAndRecurrence() async throws {
        try await TestService.with { service in
            let statuses: [(String, Double)] = [
                ("active", 10), ("error", 20), ("manage_error", 30), ("active", 40), ("unmanage_error", 50),
                ("error", 55), ("error", 57), ("manage_error", 60), ("inactive", 70), ("error", 80),
            ]
            try await service.append(statuses.map { try Sample.status(Sample.alpha, $0.0, at: $0.1) })
            let episodes = try await errors(service)
            // 20–40 in two statuses; 50–70 in three, seen a second time in one of them; from 80 on in one.
            #expect(episodes.column("at") == [20, 50, 80].map { .string(Sample.text($0)) })
            #expect(episodes.column("status") == ["error", "unmanage_error", "error"])
            #expect(episodes.column("former_status") == ["active", "active", "inactive"])
            #expect(episodes.column("until") == [.string(Sample.text(40)), .string(Sample.text(70)), .null])
            #expect(episodes.column("duration_s") == [20, 20, .null])
            #expect(episodes.column("visits") == [2, 3, 1])
            #expect(episodes.column("recurrence") == [0, 1, 2])
            // What came before the window counts.
            let late = try await service.good("/v1/errors?\(Sample.window(75, 1000))")["errors"]
            #expect(late?.column("recurrence") == [2])
        }
    }

    @Test("Of a server that was first seen failed, no former status is told")
    func firstSeenFailed() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.call(Sample.alpha, "manage", 202, at: 5, ["request_id": "req-manage"]),
                Sample.status(Sample.alpha, "manage_error", at: 20, Self.place),
            ])
            let episode = try #require(try await errors(service).first)
            #expect(episode["former_status"] == .null)
            #expect(episode["not_before"] == .null)
            #expect(episode.at("cause.request_id") == "req-manage")
            #expect(episode["recurrence"] == 0)
        }
    }

    @Test("A late event changes an episode that had been told: its beginning, and what ended it")
    func late() async throws {
        try await TestService.with { service in
            try await service.append(
                Self.failed(1) + [Sample.status(Sample.server(1), "active", at: 40)])
            #expect(try await errors(service).column("resolution") == ["itself"])
            try await service.append([
                Sample.status(Sample.server(1), "error", at: 15),
                Sample.call(Sample.server(1), "reset_status", 202, at: 35),
            ])
            let episodes = try await errors(service)
            // From 15 to 40.
            #expect(episodes.column("at") == [.string(Sample.text(15))])
            #expect(episodes.column("duration_s") == [25])
            #expect(episodes.column("resolution") == ["reset"])
            #expect(episodes.column("visits") == [1])
        }
    }
}
