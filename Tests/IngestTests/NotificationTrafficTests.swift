import DatabaseTesting
import EventLog
import Foundation
import Ingest
import ShareServers
import Testing

/// What the audit in front of a real Manila told, against the same calls as they went over the wire.
@Suite(.log) struct NotificationTrafficTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Traffic/notifications.ndjson").path(percentEncoded: false)

    @Test("Every audited call is one of the captured exchanges: same server, operation, status and caller")
    func same() async throws {
        let log = try await TestLog.open()
        let report = try await log.load(file: Self.path).report
        // 514 calls, two halves each, of which 439 go to share servers; 27 notifications of other kinds.
        #expect(report.format == .oslo)
        #expect((report.appended, report.skipped, report.faults) == (439, 27 + 2 * (514 - 439), 0))

        let exchanges = try ManilaTraffic().calls
        let told = Dictionary(
            try await log.entries().map { ($0.requestID ?? "", $0) }, uniquingKeysWith: { first, _ in first })
        var differing: [String] = []
        for exchange in exchanges {
            guard let entry = told[exchange.requestID ?? "-"] else {
                #expect(exchange.status == 401, "\(exchange.method) \(exchange.url)")
                continue
            }
            let body = try JSONSerialization.jsonObject(with: Data(entry.body.utf8)) as? [String: Any] ?? [:]
            let data = body["data"] as? [String: Any] ?? [:]
            if entry.operation != exchange.operation { differing.append(exchange.operation) }
            let server = exchange.url.firstMatch(of: #/share-servers/([0-9a-f-]{36})/#).map { String($0.1) }
            #expect(body["subject"] as? String == server)
            #expect(exchange.url.hasSuffix(data["path"] as? String ?? "-"))
            #expect((data["method"] as? String ?? exchange.method) == exchange.method)
            if let status = entry.httpStatus {
                #expect(status == Int32(exchange.status))
            } else {
                #expect(data["outcome"] as? String == "unknown")
            }
            let actor = data["actor"] as? [String: Any]
            #expect(actor?["user_name"] as? String == exchange.caller)
        }
        #expect(differing == [])
        #expect(told.count == exchanges.filter { $0.status != 401 }.count)
        await log.log.close()
    }

    @Test("Imported again, and in parts that overlap, it appends nothing")
    func again() async throws {
        let log = try await TestLog.open()
        let lines = try String(contentsOfFile: Self.path, encoding: .utf8).split(separator: "\n")
        for part in [lines[300..<700], lines[..<500], lines[600...]] {
            _ = try await log.load(text: part.joined(separator: "\n"))
        }
        let answered = try await log.entries().filter { $0.body.contains("/answer\"") }
        #expect(answered.count == 439)
        let before = try await log.entries().count
        // A call may be cut in two by the beginning of a part.
        #expect((439...442).contains(before))
        let report = try await log.load(file: Self.path).report
        #expect((report.appended, report.known, report.conflicts) == (0, 439, 0))
        try await log.expectSound(before)
        await log.log.close()
    }
}
