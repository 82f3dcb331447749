import DatabaseTesting
import EventLog
import Ingest
import ShareServers
import Testing

/// Archives that come in parts: what one tells is known when the next is imported.
@Suite(.log, .timeLimit(.minutes(20))) struct PartedArchiveTests {
    /// The capture cut before each of these entries.
    private static let cuts = [[258], [60, 190], [172, 343], [300, 430], [100, 200, 300, 400]]

    private static func parts(_ cuts: [Int]) throws -> [String] {
        let texts = try ManilaTraffic.texts()
        return zip([0] + cuts, cuts + [texts.count]).map { Archive.text(Array(texts[$0..<$1])) }
    }

    @Test("A server that one archive shows is absent where the next says that it cannot be found")
    func absent() async throws {
        let log = try await TestLog.open()
        let shows = try (0..<200).map { try Archive.text(Archive.show(1, "active", at: $0)) }
        let server = Archive.servers[1]
        let gone = try Archive.text(
            Archive.entry(
                "GET", "/v2/share-servers/\(server)", at: 200, status: 404,
                got:
                    #"{"itemNotFound": {"code": 404, "message": "Share server \#(server) could not be found."}}"#))
        let first = try await log.load(text: Archive.text(shows)).report
        #expect(first.appended == 201)
        let second = try await log.load(text: Archive.text([gone])).report
        #expect((second.appended, second.known) == (2, 0))
        #expect(try await log.statuses() == [server: ["active", "absent"]])
        // The log knows no later moment at which it was there than that of its status: 12.5 ms after 09:00:00.
        let told = try #require(try await log.statusesTold().last)
        let earlier = try #require(try await log.statusesTold().first)
        #expect(told.notBefore == earlier.time && told.time - earlier.time == 200_000_000)

        for archive in [[gone], shows, shows + [gone], [gone]] {
            #expect(try await log.load(text: Archive.text(archive)).report.appended == 0)
        }
        try await log.expectSound(203)
        await log.log.close()
    }

    @Test("What another source has told of a server is not taken for one's own")
    func otherSource() async throws {
        let log = try await TestLog.open()
        let server = Archive.servers[1]
        let show = try Archive.text([Archive.text(Archive.show(1, "active", at: 0))])
        let gone = try Archive.text([
            Archive.text(
                Archive.entry(
                    "GET", "/v2/share-servers/\(server)", at: 200, status: 404,
                    got:
                        #"{"itemNotFound": {"code": 404, "message": "Share server \#(server) could not be found."}}"#))
        ])
        _ = try await log.load(text: show, source: "/one")
        #expect(try await log.load(text: gone, source: "/two").report.appended == 1)
        #expect(try await log.statuses() == [server: ["active"]])
        #expect(try await log.load(text: gone, source: "/one").report.appended == 2)
        #expect(try await log.statuses() == [server: ["active", "absent"]])
        await log.log.close()
    }

    @Test(
        "The parts of a capture, one after another, tell what the whole does, which then adds nothing", arguments: cuts)
    func inOrder(cuts: [Int]) async throws {
        let log = try await TestLog.open()
        let traffic = try ManilaTraffic()
        var appended = 0
        let parts = try Self.parts(cuts)
        for part in parts { appended += try await log.load(text: part).report.appended }
        #expect(try await log.statuses() == traffic.statuses())
        for archive in parts + [Archive.text(try ManilaTraffic.texts())] + parts.reversed() {
            let again = try await log.load(text: archive).report
            #expect((again.appended, again.conflicts, again.faults) == (0, 0, 0))
        }
        try await log.expectSound(appended)
        await log.log.close()
    }

    /// A part that says that a server is gone, imported before any that shows it, says nothing: nobody knows yet that
    /// there was one. The whole knows.
    @Test(
        "In whatever order parts come, their statuses are true, the whole completes them, and then nothing is new",
        arguments: [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]], cuts.filter { $0.count == 2 })
    func anyOrder(order: [Int], cuts: [Int]) async throws {
        let log = try await TestLog.open()
        let traffic = try ManilaTraffic()
        let parts = try Self.parts(cuts)
        for index in order { #expect(try await log.load(text: parts[index]).report.appended > 0) }
        let seen = try traffic.seen()
        try await expectTrue(log, seen)
        let expected = traffic.statuses()
        // But for those that are gone, the parts alone tell all.
        let alive = { (statuses: [String: [String]]) in statuses.mapValues { $0.filter { $0 != "absent" } } }
        let told = try await log.statuses()
        #expect(alive(told) == alive(expected))

        let whole = Archive.text(try ManilaTraffic.texts())
        _ = try await log.load(text: whole)
        try await expectTrue(log, seen)
        #expect(try await log.statuses() == expected)
        for archive in parts + parts.reversed() + [whole] {
            #expect(try await log.load(text: archive).report.appended == 0)
        }
        await log.log.close()
    }

    /// Expects that each status in the log is that of an answer of that very moment, and that no answer contradicts its
    /// bound: what was seen of that server between the two was not the new status.
    private func expectTrue(_ log: TestLog, _ seen: [ManilaTraffic.Seen]) async throws {
        let all = Set(seen)
        var former: [String: String] = [:]
        for told in try await log.statusesTold() {
            #expect(all.contains(.init(server: told.server, status: told.status, time: told.time)))
            if let notBefore = told.notBefore, former[told.server] != told.status {
                let between = seen.filter {
                    $0.server == told.server && $0.time >= notBefore && $0.time < told.time
                }
                #expect(!between.isEmpty && between.allSatisfy { $0.status != told.status })
            }
            former[told.server] = told.status
        }
    }

    @Test("A slice of a capture that is in the log adds nothing")
    func slice() async throws {
        let log = try await TestLog.open()
        let texts = try ManilaTraffic.texts()
        let whole = try await log.load(file: ManilaTraffic.path).report
        var random = SplitMix(seed: 5)
        for _ in 0..<40 {
            let from = Int.random(in: 0..<texts.count, using: &random)
            let until = Int.random(in: from...texts.count, using: &random)
            let report = try await log.load(text: Archive.text(Array(texts[from..<until]))).report
            #expect((report.appended, report.conflicts) == (0, 0), "\(from)..<\(until)")
        }
        try await log.expectSound(whole.appended)
        await log.log.close()
    }

    /// The first part is active, the second error, the third active again: told third before second, the log would
    /// otherwise have it in error to the end.
    @Test("A status that comes to light later does not outlast the next that was seen")
    func between() async throws {
        let log = try await TestLog.open()
        let parts = try [(0, "active"), (10, "error"), (20, "active")].map { second, status in
            Archive.text([try Archive.text(Archive.show(1, status, at: second))])
        }
        for index in [0, 2, 1] { #expect(try await log.load(text: parts[index]).report.appended == 2) }
        #expect(try await log.statuses() == [Archive.servers[1]: ["active", "error", "active"]])
        for index in [2, 1, 0] { #expect(try await log.load(text: parts[index]).report.appended == 0) }
        await log.log.close()
    }
}
