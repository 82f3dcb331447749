import DatabaseTesting
import Foundation
import Ingest
import ShareServers
import Testing

@testable import Service

/// Limits that every request has, and what the page of threats says of them.
@Suite(.log, .timeLimit(.minutes(20))) struct LimitTests {
    @Test(
        "A head that is too long is answered 431, with what is taken, and its connection closed",
        arguments: [
            "GET /v1/servers HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 90_000))\r\n\r\n",
            "GET /v1/servers?\(String(repeating: "x", count: 90_000)) HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /v1/servers HTTP/1.1\r\n" + (0..<1100).map { "X-\($0): y\r\n" }.joined() + "\r\n",
        ])
    func head(request: String) async throws {
        try await TestService.with { service in
            try await service.running { port in
                try await RawConnection.with(port) { connection in
                    try await connection.send(request)
                    let answer = try await connection.answer()
                    #expect(answer.hasPrefix("HTTP/1.1 431 "), "\(answer)")
                    #expect(answer.contains("80 KiB"))
                }
            }
        }
    }

    @Test("The page of threats has the limits that the code has")
    func page() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/dossier/Documentation.docc/Threats.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let limits = QueryService.PushLimits()
        func grouped(_ number: Int) -> String {
            var digits = String(number)
            for place in stride(from: digits.count - 3, to: 0, by: -3) {
                digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
            }
            return digits
        }
        for row in [
            "| a query parameter | \(grouped(QueryParameters.longest)) bytes |",
            "| positions that a page of the log looks through | \(grouped(Int(QueryService.scannedPositions))) |",
            "| a body of events | \(grouped(limits.bytes)) bytes decompressed, \(grouped(limits.events)) events |",
            "| an event | \(grouped(Event.maximumBytes)) bytes in canonical form |",
            "| nesting of JSON | \(JSON.maximumDepth - 8) deep |",
            "| \(limits.pause.components.seconds) s; \(limits.time.components.seconds) s |",
            "| \(limits.atOnce); \(limits.waiting); \(limits.waitTime.components.seconds) s |",
        ] { #expect(page.contains(row), "the page lacks \(row)") }
    }
}
