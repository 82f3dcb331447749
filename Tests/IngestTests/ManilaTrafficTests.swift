import DatabaseTesting
import EventLog
import Foundation
import Ingest
import ShareServers
import Testing

/// The traffic captured from a real Manila, imported.
@Suite(.log) struct ManilaTrafficTests {
    private struct Stored {
        let type: String
        let time: String
        let subject: String
        let data: [String: Any]

        init(_ entry: TestLog.Entry) throws {
            let body = try JSONSerialization.jsonObject(with: Data(entry.body.utf8)) as? [String: Any] ?? [:]
            type = entry.type
            time = body["time"] as? String ?? ""
            subject = body["subject"] as? String ?? ""
            data = body["data"] as? [String: Any] ?? [:]
        }
    }

    @Test("Of 515 exchanges the 441 with share servers are recorded, each with operation, status and request id")
    func calls() async throws {
        let traffic = try ManilaTraffic()
        #expect(traffic.exchanges.count == 515)
        #expect(traffic.calls.count == 441)
        let log = try await TestLog.open()
        let imported = try await log.load(file: ManilaTraffic.path)
        let report = imported.report
        #expect((report.exchanges, report.skipped, report.faults, report.conflicts) == (441, 74, 0, 0))
        #expect(report.format == .har)

        let entries = try await log.entries()
        #expect(entries.count == report.appended)
        let calls = entries.filter { $0.type == EventType.call }
        try #require(calls.count == 441)
        for (entry, expected) in zip(calls, traffic.calls) {
            #expect(entry.operation == expected.operation, "\(expected.method) \(expected.url)")
            #expect(entry.httpStatus == Int32(expected.status))
            #expect(expected.requestID != nil && entry.requestID == expected.requestID)
            let stored = try Stored(entry)
            #expect(stored.time == expected.startedAt)
            #expect(stored.data["method"] as? String == expected.method)
            #expect(stored.data["operation"] as? String == expected.operation)
            #expect(stored.data["http_status"] as? Int == expected.status)
        }
        try await log.expectSound(report.appended)
        await log.log.close()
    }

    @Test("The statuses of every server, in the order of time, are those of a fold by hand")
    func statuses() async throws {
        let log = try await TestLog.open()
        _ = try await log.load(file: ManilaTraffic.path)
        var statuses: [String: [String]] = [:]
        let events = try await log.entries().filter { $0.type == EventType.status }.map { try Stored($0) }
        for event in events.sorted(by: { $0.time < $1.time }) {
            guard let status = event.data["status"] as? String, statuses[event.subject]?.last != status else {
                continue
            }
            statuses[event.subject, default: []].append(status)
        }
        let expected = try ManilaTraffic().statuses()
        #expect(expected.count > 5)
        #expect(Set(expected.values.joined()).isSuperset(of: ["creating", "active", "error", "absent"]))
        #expect(statuses == expected)
        await log.log.close()
    }

    @Test("Imported again, the same traffic appends nothing, under another source all of it")
    func again() async throws {
        let log = try await TestLog.open()
        let first = try await log.load(file: ManilaTraffic.path).report
        let again = try await log.load(file: ManilaTraffic.path).report
        #expect((again.appended, again.known, again.exchanges) == (0, first.appended, 441))
        let other = try await log.load(file: ManilaTraffic.path, source: "/another").report
        #expect((other.appended, other.known) == (first.appended, 0))
        try await log.expectSound(2 * first.appended)
        await log.log.close()
    }
}
