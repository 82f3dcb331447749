import DatabaseTesting
import EventLog
import Foundation
import ShareServers
import Testing

@testable import Ingest

/// Notifications of an audit, imported.
@Suite(.log) struct NotificationTests {
    private func calls(_ log: TestLog) async throws -> [[String: Any]] {
        try await log.entries().map { entry in
            try JSONSerialization.jsonObject(with: Data(entry.body.utf8)) as? [String: Any] ?? [:]
        }
    }

    @Test("A request and its answer are one call, with all that the audit says and none of its credentials")
    func joined() async throws {
        let log = try await TestLog.open()
        let text = [Notices.envelope(1), Notices.envelope(1, status: 202)].joined(separator: "\n")
        let report = try await log.load(text: text).report
        #expect(report.format == .oslo)
        #expect((report.appended, report.known, report.skipped, report.faults) == (1, 0, 0, 0))
        let stored = try await calls(log)[0]
        #expect(stored["source"] as? String == "/notifications/manila%20api")
        #expect(stored["time"] as? String == "2026-11-23T09:00:01.500000Z")
        #expect(stored["subject"] as? String == Notices.server)
        let expected: NSDictionary = [
            "operation": "reset_status", "method": "POST", "path": "/v2/share-servers/\(Notices.server)/action",
            "http_status": 202, "outcome": "success", "request_id": "req-1", "remote_address": "10.0.0.7",
            "duration_ms": 12.5, "actor": ["user_id": "u-1", "user_name": "alice", "project_id": "p-1"],
        ]
        #expect(stored["data"] as? NSDictionary == expected)
        #expect(try await !log.entries()[0].body.contains("gAAAAA"))
        await log.log.close()
    }

    @Test("However the notifications are written down, they give the same events")
    func forms() async throws {
        let log = try await TestLog.open()
        let halves: [(Int, Int?)] = [(1, nil), (1, 202), (2, 404)]
        let source = "/audit"
        let wrapped = halves.map { #"{"seen_at": 1.5, "envelope": "# + Notices.envelope($0.0, status: $0.1) + "}" }
        let envelopes = halves.map { Notices.envelope($0.0, status: $0.1) }
        #expect(try await log.load(text: envelopes.joined(separator: "\n"), source: source).report.appended == 2)
        let others = [
            wrapped.joined(separator: "\n"), "[" + envelopes.joined(separator: ",\n") + "]",
            halves.map { Notices.message($0.0, status: $0.1) }.joined(separator: "\r\n"),
            halves.map { Notices.cadf($0.0, status: $0.1) }.joined(separator: "\n"),
            envelopes[0].replacing("{\"oslo.message\"", with: "{\n\"oslo.message\"") + "\n" + envelopes[1]
                + envelopes[2],
        ]
        for text in others {
            let report = try await log.load(text: text, source: source).report
            #expect((report.format, report.appended, report.known, report.faults) == (.oslo, 0, 2, 0), "\(text)")
        }
        await log.log.close()
    }

    @Test("Halves that come late, twice or alone are told once, and files that overlap append nothing")
    func halves() async throws {
        let log = try await TestLog.open()
        func load(_ lines: [String]) async throws -> (Int, Int, Int) {
            let report = try await log.load(text: lines.joined(separator: "\n")).report
            return (report.appended, report.known, report.conflicts)
        }
        let (one, two) = (Notices.envelope(1), Notices.envelope(2))
        let (first, second) = (Notices.envelope(1, status: 202), Notices.envelope(2, status: 202))
        // The answer before the request, and both twice.
        #expect(try await load([first, one, one, first]) == (1, 1, 0))
        // Its answer is in the log.
        #expect(try await load([one]) == (0, 1, 0))
        #expect(try await load([two]) == (1, 0, 0))
        #expect(try await load([two, two]) == (0, 1, 0))
        let lone = try await calls(log)[1]["data"] as? [String: Any]
        #expect(lone?["outcome"] as? String == "pending")
        #expect(lone?["http_status"] == nil && lone?["duration_ms"] == nil)
        // The answer alone says all, and later files say no more.
        #expect(try await load([second]) == (1, 0, 0))
        #expect(try await load([one, two, first, second]) == (0, 2, 0))
        try await log.expectSound(3)
        await log.log.close()
    }

    @Test("What is not known of an audited call is not guessed")
    func unknown() async throws {
        let base = "/v2/share-servers/\(Notices.server)"
        // Action, path, outcome, status; operation and method.
        let cases: [(String, String, String, String?, String, String?)] = [
            ("create", base + "/action", "failure", "400", "other", "POST"),
            ("update", base + "/action", "failure", "400", "other", nil),
            ("update/explode", base + "/action", "failure", "400", "other", "POST"),
            ("update/delete", base + "/action", "failure", "400", "other", "POST"),
            ("update/", base + "/action", "failure", "400", "other", nil),
            ("update", base, "failure", "404", "other", nil), ("unknown", base, "failure", "404", "other", nil),
            ("update", "/v2/share-servers/manage", "success", "202", "manage", "POST"),
            ("update", "/v2/share-servers/manage", "failure", "404", "other", nil),
            ("create/manage", "/v2/p/share-servers/manage", "failure", "404", "manage", "POST"),
            ("read/list", "/v2/share-servers?status=error", "unknown", nil, "list", "GET"),
            ("read", base, "success", "200", "show", "GET"), ("delete", base, "success", "202", "delete", "DELETE"),
            ("read/details", base + "/details", "success", "200", "details", "GET"),
        ]
        let log = try await TestLog.open()
        let lines = cases.enumerated().map { number, told in
            var event = Notices.event(number, status: 200).with("action", told.0).with("requestPath", told.1)
                .with("outcome", told.2).with("initiator.id", "unknown")
            event["reason"] = told.3.map { ["reasonType": "HTTP", "reasonCode": $0] }
            return Notices.envelope(Notices.message(event))
        }
        #expect(try await log.load(text: lines.joined(separator: "\n")).report.appended == cases.count)
        for (stored, told) in zip(try await calls(log), cases) {
            let data = stored["data"] as? [String: Any] ?? [:]
            #expect(data["operation"] as? String == told.4, "\(told)")
            #expect(data["method"] as? String == told.5, "\(told)")
            #expect((data["http_status"] as? Int)?.description == told.3, "\(told)")
            #expect((data["actor"] as? [String: Any])?["user_id"] == nil)
        }
        await log.log.close()
    }

    @Test("A notification that cannot be read is reported with its line and member, and the others go in")
    func faults() async throws {
        let event = Notices.event(3, status: 200)
        let bad: [(String, String?)] = [
            ("nonsense", nil), ("[1]", "oslo.message"), (#"{"oslo.message": 1}"#, "oslo.message"),
            (#"{"oslo.message": "{"}"#, "oslo.message"), (#"{"payload": {}}"#, "event_type"),
            (Notices.message("text", type: "audit.http.response"), "payload"),
            (Notices.message(event.with("eventTime", "yesterday")), "payload.eventTime"),
            (Notices.message(event.with("eventTime", nil)), "payload.eventTime"),
            (Notices.message(event.with("id", "")), "payload.id"),
            (Notices.message(event.with("action", nil)), "payload.action"),
            (Notices.message(event.with("reason.reasonCode", "many")), "payload.reason.reasonCode"),
            (Notices.text(event.with("outcome", 7)), "outcome"),
        ]
        let log = try await TestLog.open()
        let lines = [Notices.envelope(1, status: 202)] + bad.map(\.0) + [Notices.envelope(2, status: 202)]
        let imported = try await log.load(text: lines.joined(separator: "\n"))
        #expect((imported.report.appended, imported.report.faults) == (2, bad.count))
        #expect(imported.faults.map(\.attribute) == bad.map(\.1))
        #expect(imported.faults.map(\.line) == Array(2..<bad.count + 2))
        await log.log.close()
    }

    @Test("Notifications of anything else are passed over and counted")
    func others() async throws {
        let log = try await TestLog.open()
        let elsewhere = Notices.event(1, status: 200).with("requestPath", "/v2/shares/share-servers")
        let lines = [
            Notices.envelope(Notices.message(["share_id": "s"], type: "share.create.end")),
            Notices.envelope(Notices.message(elsewhere)), Notices.text(elsewhere.with("requestPath", nil)),
            Notices.envelope(2, status: 200),
        ]
        let report = try await log.load(text: lines.joined(separator: "\n")).report
        #expect((report.appended, report.skipped, report.faults) == (1, 3, 0))
        await log.log.close()
    }

    @Test("Requests wait for their answers in bounded memory")
    func bounded() throws {
        var unanswered = Unanswered(limit: 3)
        func request(_ number: Int) throws -> Unanswered.Request {
            let redaction = Redaction(key: [1])
            let half = try Array(Notices.envelope(number).utf8).withUnsafeBytes { bytes throws(EventError) in
                try AuditedHalf(notification: bytes, source: nil, redaction: redaction)
            }
            let element = Slab.Element(range: 0..<0, line: number + 1, number: number)
            let read = try #require(half)
            return Unanswered.Request(event: read.event, answer: try #require(read.answer), element: element)
        }
        var told: [Int] = []
        for number in 0..<10 {
            told += try unanswered.hold(request(number)).map(\.element.number)
            if number == 1 { unanswered.take(answer: try request(1).answer) }
        }
        // The second was answered; of each three the earlier go when the later are there.
        #expect(told == [0, 2, 3, 4, 5, 6])
        #expect(unanswered.popAll().map(\.element.number) == [7, 8, 9])
        #expect(unanswered.popAll().isEmpty)
    }
}
