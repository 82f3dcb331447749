import DatabaseTesting
import EventLog
import Foundation
import HTTPTypes
import Ingest
import Postgres
import ShareServers
import Testing

/// Manila's own shapes, at any moment of the past.
@Suite(.log, .timeLimit(.minutes(20))) struct TimeMachineTests {
    private static let version = HTTPField.Name("X-OpenStack-Manila-API-Version")!

    /// The same request as Manila got, of the moment at which it had answered.
    private func answer(_ entry: CapturedTraffic.Entry, _ service: TestService) async throws -> Answer {
        let moment = entry.exchange.startedAt.advanced(by: entry.exchange.duration)
        return try await service.get(
            "/at/\(moment)" + (try #require(entry.shareServers)), entry.version.map { [Self.version: $0] } ?? [:])
    }

    private func withCapturedTraffic(
        _ body: (_ entry: CapturedTraffic.Entry, _ known: KnownServers, _ service: TestService) async throws -> Void
    ) async throws {
        let traffic = try CapturedTraffic()
        try await TestService.with { service in
            // All of it is known before the first question: what came after the moment must not show.
            _ = try await FileImport(log: service.log).run(CapturedTraffic.file.path)
            try await service.catchUp()
            var known = KnownServers()
            for entry in traffic.entries {
                known.take(entry)
                if entry.isRead { try await body(entry, known, service) }
            }
        }
    }

    @Test("Every show, details and list is answered as the real Manila answered it then")
    func captured() async throws {
        var compared: [String: Int] = [:]
        try await withCapturedTraffic { entry, known, service in
            guard [200, 404].contains(entry.status), KnownServers.areSound(entry.query) else { return }
            let place = "entry \(entry.number): \(entry.exchange.target)"
            let answer = try await answer(entry, service)
            #expect(answer.status == entry.status, "\(place)")
            #expect(answer.headers[Self.version] == entry.exchange.responseHeader(Self.version.rawName), "\(place)")
            let kind = entry.status != 200 || entry.below.count > 1 ? "other" : entry.below.isEmpty ? "list" : "show"
            compared[kind, default: 0] += 1
            if kind == "other" {
                #expect(answer.json == entry.answer, "\(place)")
            } else if kind == "show" {
                expect(answer.json["share_server"] ?? .null, entry.servers[0], known, place)
            } else {
                let listed = answer.json["share_servers"]?.array ?? []
                #expect(Set(listed.compactMap { $0["id"]?.string }) == known.present(entry.query), "\(place)")
                for manila in entry.servers {
                    expect(listed.first { $0["id"] == manila["id"] } ?? .null, manila, known, place)
                }
            }
        }
        // As many as CapturedTrafficTests compares with the present of each: 260 shows, 34 lists, 2 details and 11
        // that found nothing.
        #expect(compared == ["show": 260, "list": 34, "other": 13])
    }

    private func expect(_ server: JSON, _ manila: [String: JSON], _ known: KnownServers, _ place: String) {
        var members = server.object ?? [:]
        let updated = members.removeValue(forKey: "updated_at")
        #expect(members == known.followed(manila), "\(place)")
        #expect(known.hasTold(updated, of: manila["id"]?.string ?? ""), "\(place): updated_at \(updated ?? .null)")
    }

    @Test("Between its events a server is as the event before left it; before the first, and after its end, it is not")
    func between() async throws {
        try await TestService.with { service in
            let id = Sample.alpha.lower
            try await service.append([
                Sample.status(Sample.alpha, "creating", at: 10), Sample.status(Sample.alpha, "active", at: 20),
                Sample.status(Sample.alpha, "absent", at: 30),
            ])
            for (second, status) in [
                (9, nil), (10, "creating"), (19, "creating"), (20, "active"), (29, "active"), (30, nil),
            ] {
                let moment = Sample.time(Double(second))
                for prefix in ["/at/\(moment)/v2", "/at/\(moment)/v2/p1"] {
                    let show = try await service.get("\(prefix)/share-servers/\(id)")
                    let list = try await service.good("\(prefix)/share-servers")
                    #expect(show.status == (status == nil ? 404 : 200))
                    #expect(show.json.at("share_server.status")?.string == status)
                    #expect(list["share_servers"]?.column("status") == (status.map { [.string($0)] } ?? []))
                    if status == nil {
                        let message = "Share server \(id) could not be found."
                        #expect(show.json == ["itemNotFound": ["code": 404, "message": .string(message)]])
                    }
                }
            }
        }
    }

    @Test("A filter takes what a server was then")
    func filters() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.status(Sample.alpha, "active", at: 10), Sample.status(Sample.alpha, "error", at: 20),
            ])
            for (query, before, after) in [
                ("status=active", 1, 0), ("status=error", 0, 1), ("id=\(Sample.alpha.lower)", 1, 1), ("id=x", 0, 0),
            ] {
                for (second, count) in [(15.0, before), (25, after)] {
                    let list = try await service.good("/at/\(Sample.time(second))/v2/share-servers?\(query)")
                    #expect(list["share_servers"]?.array?.count == count, "\(query) at \(second)")
                }
            }
        }
    }

    @Test("A moment may be written in any zone, and with its colons escaped")
    func spelling() async throws {
        try await TestService.with { service in
            try await service.append([Sample.status(Sample.alpha, "active", at: 10)])
            let moment = Sample.time(10).description
            for time in [moment, moment.replacing(":", with: "%3A"), moment.replacing("Z", with: "%2B00:00")] {
                let list = try await service.good("/at/\(time)/v2/share-servers")
                #expect(list["share_servers"]?.array?.count == 1, "\(time)")
            }
        }
    }

    @Test(
        "What is no time is refused in Manila's words",
        arguments: ["yesterday", "2026-02-30T00:00:00Z", "2026-11-23", "%FF", "2026-11-23T09:55:00", "1"])
    func noTime(time: String) async throws {
        try await TestService.with { service in
            for path in ["share-servers", "share-servers/\(Sample.alpha.lower)/details"] {
                let answer = try await service.get("/at/\(time)/v2/\(path)", [Self.version: "2.70"])
                #expect(answer.status == 400)
                #expect(answer.json.at("badRequest.message")?.string?.contains(time) == true)
                #expect(answer.headers[Self.version] == "2.70")
            }
        }
    }

    /// The requests of `openstack share server list` and `show` (python-manilaclient 6, auth type none, endpoint
    /// `…/at/{time}/v2`), as they come.
    @Test("The standard client finds the versions that it asks for first, now and at a moment")
    func discovery() async throws {
        try await TestService.with { service in
            let client: HTTPFields = [.accept: "application/json", Self.version: "2.70"]
            for root in ["/", "/v2", "/v2/", "/at/2026-11-23T09:55:00Z/", "/at/2026-11-23T09:55:00Z/v2/"] {
                let answer = try await service.get(root, client)
                #expect(answer.status == 200)
                // Source: the captured answer of Manila at its root.
                let captured = try #require(try CapturedTraffic().entries.first { $0.exchange.target == "/" })
                let (ours, manilas) = (answer.json.at("versions.0"), captured.answer.at("versions.0"))
                for member in ["id", "status", "version", "min_version", "updated", "media-types"] {
                    #expect(ours?[member] == manilas?[member], "\(root) \(member)")
                }
            }
        }
    }
}
