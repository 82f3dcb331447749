import DatabaseTesting
import EventLog
import Foundation
import HTTPTypes
import Ingest
import Postgres
import ShareServers
import Testing

/// What a real Manila answered, and what Dossier answers to the same requests once it has seen that answer pass by.
@Suite(.log, .timeLimit(.minutes(20))) struct CapturedTrafficTests {
    private static let version = HTTPField.Name("X-OpenStack-Manila-API-Version")!

    /// Hands every exchange to an observer as it came, and to `body` those that are wanted, after they were recorded.
    private func replay(
        _ isWanted: (CapturedTraffic.Entry) -> Bool,
        _ body: (_ entry: CapturedTraffic.Entry, _ known: KnownServers, _ service: TestService) async throws -> Void
    ) async throws {
        let traffic = try CapturedTraffic()
        try await TestService.with { service in
            var observer = Observer(source: "/gateway", redaction: Redaction(key: service.log.redactionKey))
            var known = KnownServers()
            for entry in traffic.entries {
                let events = try observer.events(from: entry.exchange)
                if events.isEmpty { continue }
                known.take(entry)
                _ = try await service.log.append(events)
                guard entry.isRead, isWanted(entry) else { continue }
                try await service.catchUp()
                try await body(entry, known, service)
            }
        }
    }

    /// The same request as Manila got.
    private func answer(_ entry: CapturedTraffic.Entry, _ service: TestService) async throws -> Answer {
        var headers = HTTPFields()
        headers[Self.version] = entry.version
        return try await service.get(try #require(entry.shareServers), headers)
    }

    private func compare(
        _ server: JSON, with manila: [String: JSON], _ known: KnownServers, _ place: String
    ) {
        var members = server.object ?? [:]
        let updated = members.removeValue(forKey: "updated_at")
        #expect(members == known.followed(manila), "\(place)")
        #expect(known.hasTold(updated, of: manila["id"]?.string ?? ""), "\(place): updated_at \(updated ?? .null)")
    }

    @Test("A show, and details, are answered as Manila answered them, found or not")
    func showsAndDetails() async throws {
        var compared: [Int: Int] = [:]
        let isWanted = { (entry: CapturedTraffic.Entry) in !entry.below.isEmpty && [200, 404].contains(entry.status) }
        try await replay(isWanted) { entry, known, service in
            let place = "entry \(entry.number): \(entry.exchange.target)"
            let answer = try await answer(entry, service)
            #expect(answer.status == entry.status, "\(place)")
            compared[entry.status, default: 0] += 1
            if entry.below.count == 1, entry.status == 200 {
                compare(answer.json["share_server"] ?? .null, with: entry.servers[0], known, place)
                #expect(answer.json.object?.count == 1)
            } else {
                #expect(answer.json == entry.answer, "\(place)")
            }
        }
        // 260 shows and 2 details; 10 shows and 1 of details that found nothing.
        #expect(compared == [200: 262, 404: 11])
    }

    @Test("A list is answered as Manila answered it, but for servers whose end nobody has seen")
    func lists() async throws {
        var compared = 0
        let isWanted = { (entry: CapturedTraffic.Entry) in
            entry.below.isEmpty && entry.status == 200 && KnownServers.areSound(entry.query)
        }
        try await replay(isWanted) { entry, known, service in
            let place = "entry \(entry.number): \(entry.exchange.target)"
            let answer = try await answer(entry, service)
            #expect(answer.status == 200)
            let listed = answer.json["share_servers"]?.array ?? []
            let byID = Dictionary(listed.map { ($0["id"]?.string ?? "", $0) }, uniquingKeysWith: { first, _ in first })
            #expect(listed.count == byID.count)
            #expect(Set(byID.keys) == known.present(entry.query), "\(place)")
            for manila in entry.servers {
                compare(byID[manila["id"]?.string ?? ""] ?? .null, with: manila, known, place)
            }
            compared += 1
        }
        #expect(compared == 34)
    }

    @Test("Versions are refused, and headers are given, as Manila does")
    func versionsAndHeaders() async throws {
        var statuses: [Int: Int] = [:]
        let isWanted = { (entry: CapturedTraffic.Entry) in
            [200, 400, 404, 406].contains(entry.status) && entry.number < 140
        }
        try await replay(isWanted) { entry, _, service in
            let answer = try await answer(entry, service)
            #expect(answer.status == entry.status)
            statuses[entry.status, default: 0] += 1
            if entry.status >= 400 { #expect(answer.json == entry.answer) }
            for name in ["X-OpenStack-Manila-API-Version", "Vary", "Content-Type"] {
                let place = "\(entry.status) \(entry.version ?? "-"): \(name)"
                // What Manila leaves out of an answer to a malformed version, Dossier may say.
                guard let expected = entry.exchange.responseHeader(name) else { continue }
                #expect(answer.headers[HTTPField.Name(name)!]?.lowercased() == expected.lowercased(), "\(place)")
            }
            #expect(answer.headers[HTTPField.Name("x-openstack-request-id")!]?.hasPrefix("req-") == true)
        }
        #expect(statuses[200, default: 0] > 30)
        #expect(statuses[400] == 1 && statuses[404] == 2 && statuses[406] == 1)
    }

    // MARK: - The whole file

    @Test("An import of the file knows every server that Manila showed, and repeating it changes nothing")
    func wholeFile() async throws {
        let traffic = try CapturedTraffic()
        var known = KnownServers()
        for entry in traffic.entries { known.take(entry) }
        try await TestService.with { service in
            let report = try await FileImport(log: service.log).run(CapturedTraffic.file.path)
            #expect(report.faults == 0 && report.conflicts == 0 && report.exchanges == 441)
            try await service.catchUp()
            let present = try await service.good("/v2/share-servers")["share_servers"]?.column("id")
            #expect(Set((present ?? []).compactMap(\.string)) == known.present([:]))
            let all = try await service.good("/v1/servers")
            #expect(
                Set(all["servers"]?.column("id").compactMap(\.string) ?? [])
                    == Set(traffic.entries.flatMap(\.servers).compactMap { $0["id"]?.string }))
            let size = all.at("as_of.positions.0.size")

            let again = try await FileImport(log: service.log).run(CapturedTraffic.file.path)
            #expect(again.appended == 0 && again.known == report.appended)
            try await service.catchUp()
            #expect(try await service.good("/v1/servers").at("as_of.positions.0.size") == size)
        }
    }

    @Test("The calls of the log are those that were made, by operation, status and server")
    func calls() async throws {
        let calls = try CapturedTraffic().entries.filter { $0.shareServers != nil }
        try await TestService.with { service in
            _ = try await FileImport(log: service.log).run(CapturedTraffic.file.path)
            try await service.catchUp()
            func count(_ query: String) async throws -> Int {
                try await service.pages("/v1/events?type=call&limit=150&\(query)", of: "events").joined().count
            }
            #expect(try await count("") == 441)
            for status in Set(calls.map(\.status)) {
                #expect(try await count("http_status=\(status)") == calls.count { $0.status == status }, "\(status)")
            }
            for hundred in 1...5 {
                #expect(
                    try await count("http_status=\(hundred)xx") == calls.count { $0.status / 100 == hundred })
            }
            #expect(
                try await count("operation=show")
                    == calls.count { $0.isRead && $0.below.count == 1 })
            #expect(try await count("operation=delete") == calls.count { $0.exchange.method == "DELETE" })
            for entry in calls.filter({ $0.exchange.method == "DELETE" }) {
                let id = try #require(entry.exchange.responseHeader("x-openstack-request-id"))
                let found = try await service.good("/v1/events?request_id=\(id)")["events"]
                #expect(found?.at("0.event.subject") == entry.below.first.map { .string($0) })
                #expect(found?.at("0.event.time") == .string(entry.exchange.startedAt.description))
            }
        }
    }
}
