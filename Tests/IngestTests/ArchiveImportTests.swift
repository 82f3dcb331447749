import DatabaseTesting
import EventLog
import Foundation
import Ingest
import ShareServers
import Testing

/// HTTP archives, of which the exchanges with share servers become events.
@Suite(.log) struct ArchiveImportTests {
    private func text(_ entries: [[String: Any]]) throws -> String {
        Archive.text(try entries.map { try Archive.text($0) })
    }

    /// What the status events in the log say of each server, in the order of time.
    private func statuses(_ log: TestLog) async throws -> [String: [String]] {
        var statuses: [String: [String]] = [:]
        let events = try await log.entries().filter { $0.type == EventType.status }.map { try JSON(parsing: $0.body) }
        for event in events.sorted(by: { $0["time"]?.string ?? "" < $1["time"]?.string ?? "" }) {
            statuses[event["subject"]?.string ?? "", default: []].append(event["data"]?["status"]?.string ?? "")
        }
        return statuses
    }

    @Test("Exchanges with share servers become calls and statuses, others are skipped and counted")
    func exchanges() async throws {
        let log = try await TestLog.open()
        let imported = try await log.load(
            text: text([
                Archive.entry("GET", "/v2/shares", at: 0), Archive.show(1, "creating", at: 1),
                Archive.show(1, "active", at: 2),
                Archive.entry("DELETE", "/v2/share-servers/\(Archive.servers[1])", at: 3, status: 202),
                Archive.entry("GET", "/", at: 4), Archive.show(2, "error", at: 5),
            ]))
        #expect(imported.report.format == .har)
        #expect((imported.report.exchanges, imported.report.skipped, imported.report.faults) == (4, 2, 0))
        let calls = try await log.entries().filter { $0.type == EventType.call }
        #expect(calls.map(\.operation) == ["show", "show", "delete", "show"])
        #expect(calls.map(\.httpStatus) == [200, 200, 202, 200])
        #expect(calls.map(\.requestID) == ["req-1", "req-2", "req-3", "req-5"])
        #expect(
            try await statuses(log) == [Archive.servers[1]: ["creating", "active"], Archive.servers[2]: ["error"]])
        try await log.expectSound(imported.report.appended)
        await log.log.close()
    }

    @Test("An archive without share servers appends nothing and is no fault")
    func nothing() async throws {
        let log = try await TestLog.open()
        for entries in [
            [], [Archive.entry("GET", "/v2/shares", at: 0), Archive.entry("POST", "/v3/auth/tokens", at: 1)],
        ] {
            let report = try await log.load(text: text(entries)).report
            #expect((report.events, report.faults, report.exchanges, report.skipped) == (0, 0, 0, entries.count))
        }
        try await log.expectSound(0)
        await log.log.close()
    }

    @Test("An archive that is imported again appends nothing")
    func twice() async throws {
        let log = try await TestLog.open()
        let archive = try text((0..<30).map { Archive.show($0 % 3, $0 % 2 == 0 ? "active" : "error", at: $0) })
        let first = try await log.load(text: archive).report
        let again = try await log.load(text: archive, format: .har).report
        #expect(first.appended > 30 && first.known == 0)
        #expect((again.appended, again.known, again.exchanges) == (0, first.appended, 30))
        await log.log.close()
    }

    @Test("The source is the origin of each request, without user and password, or what the caller says")
    func source() async throws {
        let log = try await TestLog.open()
        let show = Archive.show(0, "active", at: 0)
        let path = "/v2/share-servers/\(Archive.servers[0])"
        let archive = try text([
            show, show.with("request.url", "HTTPS://user:pass@Manila.Example" + path),
            show.with("request.url", "http://[::1]:8786" + path + "?x=http://other/#top"),
        ])
        _ = try await log.load(text: archive)
        _ = try await log.load(text: archive, source: "/archive/7")
        let sources = try await log.entries().map { try JSON(parsing: $0.body)["source"]?.string ?? "" }
        #expect(Set(sources) == [Archive.origin, "https://manila.example", "http://[::1]:8786", "/archive/7"])
        #expect(try await log.entries().allSatisfy { !$0.body.contains("pass") })
        await log.log.close()
    }

    @Test(
        "A member that may be missing does not keep the exchange out",
        arguments: [
            "time", "cache", "timings", "request.headers", "request.cookies", "request.queryString",
            "request.httpVersion",
            "request.headersSize", "request.bodySize", "response.headers", "response.statusText", "response.cookies",
            "response.redirectURL", "response.content", "response.content.text", "response.content.mimeType",
            "response.content.size", "response.httpVersion", "response.bodySize",
        ])
    func optional(path: String) async throws {
        let log = try await TestLog.open()
        let entry = Archive.show(1, "active", at: 1)
        for (number, changed) in [entry.with(path, nil), entry.with(path, NSNull())].enumerated() {
            let report = try await log.load(text: text([changed]), source: "/s/\(number)").report
            #expect((report.exchanges, report.faults) == (1, 0))
        }
        let call = try #require(try await log.entries().first { $0.type == EventType.call })
        #expect(call.operation == "show" && call.httpStatus == 200)
        #expect((call.requestID == nil) == (path == "response.headers"))
        await log.log.close()
    }

    @Test(
        "A broken entry is a fault with its line and member, and the others go in",
        arguments: [
            ("startedDateTime", nil, "startedDateTime"), ("startedDateTime", "2026-02-30T00:00:00Z", "startedDateTime"),
            ("startedDateTime", 5, "startedDateTime"), ("request", nil, "request"), ("request", "GET", "request"),
            ("request.method", nil, "request.method"), ("request.method", 1, "request.method"),
            ("request.url", nil, "request.url"),
            ("request.url", "ftp://x/v2/share-servers", "request.url"),
            ("request.url", "/v2/share-servers", "request.url"),
            ("request.url", "http:///v2/share-servers", "request.url"), ("response", nil, "response"),
            ("response.status", nil, "response.status"), ("response.status", "200", "response.status"),
            ("response.status", 1000, "response.status"), ("response.status", -1, "response.status"),
            ("response.status", 200.5, "response.status"),
            ("response.content.encoding", "base64", "response.content.text"),
        ] as [(String, (any Sendable)?, String)])
    func brokenEntry(path: String, value: (any Sendable)?, attribute: String) async throws {
        let log = try await TestLog.open()
        let broken = Archive.show(1, "error", at: 2).with(path, value)
        let imported = try await log.load(
            text: text([Archive.show(1, "active", at: 1), broken, Archive.show(2, "active", at: 3)]))
        #expect((imported.report.exchanges, imported.report.faults) == (2, 1))
        let fault = try #require(imported.faults.first)
        #expect((fault.line, fault.number, fault.attribute) == (3, 1, attribute))
        #expect(try await statuses(log) == [Archive.servers[1]: ["active"], Archive.servers[2]: ["active"]])
        try await log.expectSound(imported.report.appended)
        await log.log.close()
    }

    @Test(
        "An entry that is no JSON is a fault, and the others go in",
        arguments: [
            "nonsense", "{}", "5", "null", "[]", "{\"startedDateTime\": oops}", "{\"time\": 1e999}",
            "{\"a\":1,\"a\":2}",
            "{\"comment\":\"\\u0000\"}",
        ])
    func noEntry(text: String) async throws {
        let log = try await TestLog.open()
        let (one, two) = (
            try Archive.text(Archive.show(1, "active", at: 1)), try Archive.text(Archive.show(2, "error", at: 2))
        )
        let imported = try await log.load(text: Archive.text([one, text, two]))
        #expect((imported.report.exchanges, imported.report.faults) == (2, 1))
        #expect((imported.faults.first?.line, imported.faults.first?.number) == (3, 1))
        await log.log.close()
    }

    @Test("An archive that is cut off keeps its whole entries, and the cut is a fault")
    func cutOff() async throws {
        let log = try await TestLog.open()
        let whole = try text((0..<5).map { Archive.show($0, "active", at: $0) })
        let imported = try await log.load(text: String(whole.dropLast(100)))
        #expect((imported.report.exchanges, imported.report.faults) == (4, 1))
        await log.log.close()
    }

    @Test("An answer that the archive holds as base64 is read")
    func base64() async throws {
        let log = try await TestLog.open()
        func encoded(_ bytes: [UInt8], at second: Int) -> [String: Any] {
            Archive.show(1, "x", at: second).with("response.content.text", Data(bytes).base64EncodedString())
                .with("response.content.encoding", "base64")
        }
        let binary: [UInt8] = [0x00, 0xFF, 0x89, 0x50, 0x4E, 0x47, 0x00, 0xED, 0xA0, 0x80, 0x1B]
        let imported = try await log.load(
            text: text([
                encoded(Array(Archive.answer(1, "inactive").utf8), at: 1), encoded(binary, at: 2), encoded([], at: 3),
                encoded(Array("{\"share_server\": {\"a\": \"\\u0000\"}}".utf8), at: 4),
                encoded([0xFF, 0xFE] + binary, at: 5),
                encoded(Array("{\"a\": 1e20, \"b\": 9007199254740993}".utf8), at: 6),
            ]))
        #expect((imported.report.exchanges, imported.report.faults) == (6, 0))
        #expect(try await statuses(log) == [Archive.servers[1]: ["inactive"]])
        // Whatever the answers held, the stored bytes can be read back.
        try await log.expectSound(imported.report.appended)
        await log.log.close()
    }

    @Test("Secrets of an archive do not reach the log")
    func secrets() async throws {
        let log = try await TestLog.open()
        let entry = Archive.entry(
            "POST", "/v2/share-servers/manage?token=hunter2", at: 1, status: 202,
            sent:
                #"{"share_server": {"host": "h", "driver_options": {"password": "hunter3", "n": {"auth_key": "hunter4"}}}}"#
        )
        let headers = [["name": "X-Auth-Token", "value": "hunter5"], ["name": "Authorization", "value": "hunter6"]]
        _ = try await log.load(text: text([entry.with("request.headers", headers)]))
        let bodies = try await log.entries().map(\.body)
        #expect(bodies.count == 1)
        #expect(bodies.allSatisfy { !$0.contains("hunter") })
        await log.log.close()
    }
}
