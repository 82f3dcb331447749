import DatabaseTesting
import FoundationEssentials
import Ingest
import Postgres
import ShareServers
import Testing

/// What is told of the servers of a real Manila's captured run. Expected is what the exchanges say when they are read one
/// by one: the statuses of the answers in their order, and the accepted calls between them.
@Suite(.log) struct CapturedStoryTests {
    private static let window = "from=2026-11-23T00:00:00Z&until=2026-11-24T00:00:00Z"

    private func imported(_ body: (TestService) async throws -> Void) async throws {
        try await TestService.with { service in
            _ = try await FileImport(log: service.log).run(CapturedTraffic.file.path)
            try await service.catchUp()
            try await body(service)
        }
    }

    /// The beginning of an id, which is enough to tell the servers apart.
    private func short(_ id: JSON?) -> String { String((id?.string ?? "-").prefix(8)) }

    @Test(
        "Every episode of the run is told: asserted ones, a failed manage, and what a back end that always fails left")
    func episodes() async throws {
        try await imported { service in
            let answer = try await service.good("/v1/errors?\(Self.window)&kind=episode")
            let episodes = try #require(answer["errors"]?.array)
            #expect(
                episodes.map { short($0["server_id"]) } == [
                    // Reset to error and on to creating; from network_change to manage_error, unmanage_error and inactive;
                    // from active to error, and, reset to active though not seen so, off to another host.
                    "8c041935", "8c041935", "8c041935",
                    // What a cancelled migration left, reset to error so that it could be deleted.
                    "5d9df6a3",
                    // Managed by a name that the back end does not know.
                    "f7617b1e",
                    // Of the back end whose servers always fail to set up.
                    "a0c62b9f",
                ])
            #expect(
                episodes.column("status") == ["error", "manage_error", "error", "error", "manage_error", "error"])
            #expect(
                episodes.column("former_status")
                    == ["active", "network_change", "active", "inactive", "manage_starting", .null])
            #expect(
                episodes.column("until_status") == [
                    "creating", "inactive", "server_migrating", "deleting", "unmanage_starting", "deleting",
                ])
            #expect(episodes.column("visits") == [1, 2, 1, 1, 1, 1])
            #expect(episodes.column("recurrence") == [0, 1, 2, 0, 0, 0])
            #expect(
                episodes.column("host")
                    == ["lab@alpha", "lab@alpha", "lab@alpha", "lab@alpha", "lab@alpha", "lab@tiny"])
            // The fourth was reset, and deleted before anybody looked: that is told by what each call leads to.
            #expect(episodes.column("is_asserted") == [true, true, true, true, false, false])
            #expect(episodes.column("resolution") == ["reset", "reset", "retry", "delete", "unmanage", "delete"])
            #expect(
                episodes.map { $0.at("remedy.operation") }
                    == ["reset_status", "reset_status", "migration_start", "delete", "unmanage", "delete"])
            #expect(answer["repeat_offenders"]?.array?.map { short($0["server_id"]) } == ["8c041935"])
            #expect(answer.at("repeat_offenders.0.episodes") == 3)
        }
    }

    @Test("How long each server was in which status is what the fold says, for the fleet and for every part of it")
    func figures() async throws {
        try await imported { service in
            let log = try await FigureLog(filled: service)
            #expect(log.entries.count == 532)
            let fold = log.fold
            let from = try #require(Timestamp("2026-11-23T09:55:00Z")).microseconds
            var random = SplitMix(seed: 23)
            for window in [from..<from + 180_000_000, from + 24_549_000..<from + 69_000_001] {
                for question in FiguresFold.Question.about(window, fold, using: &random) {
                    #expect(try await log.timeInStateDifferences(question, fold) == [], "\(question.parameters)")
                }
            }
        }
    }

    @Test("Every call that failed is told, with the fault that Manila gave")
    func failedCalls() async throws {
        let failed = try CapturedTraffic().entries.filter { $0.shareServers != nil && $0.status >= 400 }
        try await imported { service in
            let pages = try await service.pages("/v1/errors?\(Self.window)&kind=call&limit=7", of: "errors")
            let calls = pages.flatMap { $0 }
            #expect(calls.count == failed.count)
            let byRequest = Dictionary(
                calls.map { ($0.at("call.request_id")?.string ?? "-", $0) }, uniquingKeysWith: { first, _ in first })
            var faults = 0
            for entry in failed {
                guard let id = entry.exchange.responseHeader("x-openstack-request-id") else { continue }
                let call = try #require(byRequest[id], "entry \(entry.number)")
                #expect(call["at"] == .string(entry.exchange.startedAt.description))
                #expect(call.at("call.http_status") == .number(Double(entry.status)))
                guard let message = entry.answer.object?.values.first?["message"] else { continue }
                #expect(call.at("call.fault.message") == message, "entry \(entry.number)")
                faults += 1
            }
            #expect(faults > 50)
        }
    }

    @Test("Each server is told with the call at which it came and went, or that no call named it")
    func lives() async throws {
        // Servers come for shares, as the destinations of migrations, and by manage; they go by calls, or, 36fcc10d, with
        // their network. That 42009965 went nobody saw.
        let lives: [(id: String, came: JSON?, went: JSON?, isGone: Bool)] = [
            ("8c041935-231e-405a-a0d2-d5b0acdceb46", nil, "migration_complete", true),
            ("1040912a-d579-418e-9bbf-f2502c5eb936", nil, "delete", true),
            ("2127863d-1c79-44a5-a5c6-eb2f7b6b9c97", nil, "delete", true),
            ("5d9df6a3-f78f-430c-9b73-a141d27936f3", nil, "delete", true),
            ("36fcc10d-42a4-403e-8a91-436efd7ca43d", nil, nil, true),
            ("42009965-eb51-40ba-ab99-68e4b6e3ff51", nil, nil, false),
            ("16607bf2-2140-4d0d-9110-efbea125fda0", nil, "unmanage", true),
            ("db4e8d71-e275-4994-b0c9-20bee49c2014", "manage", "delete", true),
            ("f7617b1e-d3d3-4105-a1a0-c47c4d770c9b", "manage", "unmanage", true),
            ("a0c62b9f-0762-419f-873e-86f5701632af", nil, "delete", true),
        ]
        try await imported { service in
            for life in lives {
                let answer = try await service.good("/v1/servers/\(life.id)")
                #expect(answer.at("appeared.cause.operation") == life.came, "\(life.id)")
                #expect(answer.at("went.cause.operation") == life.went, "\(life.id)")
                #expect((answer["went"] != .null) == life.isGone, "\(life.id)")
                // Unmanaged and managed again; all others are a chain of their own.
                let chain = answer["chain"]?.column("id").map(short)
                let isTwice = ["16607bf2", "db4e8d71"].contains(short(.string(life.id)))
                #expect(chain == (isTwice ? ["16607bf2", "db4e8d71"] : [short(.string(life.id))]), "\(life.id)")
            }
        }
    }

    @Test("The server whose end nobody saw is the only one that is stuck")
    func stuck() async throws {
        try await imported { service in
            let servers = try await service.good("/v1/stuck?at=2026-11-23T10:30:00Z")["servers"]?.array ?? []
            #expect(servers.map { short($0["server_id"]) } == ["42009965"])
            #expect(servers.column("status") == ["deleting"])
            #expect(servers.column("cause") == [.null])
            // No deletion on lab@alpha took longer than the few seconds of the run.
            #expect(servers.column("is_by_host") == [true])
        }
    }
}
