import Foundation
import Logging
import Synchronization
import Testing

@testable import dossier

/// The lines that the process writes of itself.
@Suite struct LogTests {
    private final class Written: Sendable {
        let lines = Mutex<[String]>([])
    }

    /// What a logger writes.
    private func lines(_ format: Logs.Format, _ body: (Logger) -> Void) -> [String] {
        let written = Written()
        var handler = Logs.Lines(format: format)
        handler.write = { line in written.lines.withLock { $0.append(line) } }
        body(Logger(label: "test", factory: { [handler] _ in handler }))
        return written.lines.withLock { $0 }
    }

    @Test("JSON is one object a line, flat, of texts, with the time in RFC 3339")
    func json() throws {
        let lines = lines(.json) { logger in
            var logger = logger
            logger[metadataKey: "source"] = "/poller/one"
            logger.warning(
                "a\n\"b\"", metadata: ["count": "3", "peer": ["host": "h", "port": "1"], "level": "hidden"])
        }
        let line = try #require(lines.first)
        #expect(lines.count == 1 && line.hasSuffix("}\n") && line.dropLast().contains("\n") == false)
        let read = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        var object = try #require(read)
        let removed = object.removeValue(forKey: "time")
        let time = try #require(removed)
        #expect(time.wholeMatch(of: /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z/) != nil)
        #expect(
            object == [
                "level": "warning", "message": "a\n\"b\"", "count": "3", "peer.host": "h", "peer.port": "1",
                "source": "/poller/one",
            ])
    }

    @Test("What a name says is secret is never written", arguments: [Logs.Format.json, .text])
    func secrets(format: Logs.Format) {
        let lines = lines(format) { logger in
            logger.error(
                "x",
                metadata: [
                    "X-Auth-Token": "s3cret", "password": "s3cret", "client": ["secret": "s3cret", "name": "n"],
                    "credentials": ["a": "s3cret"],
                ])
        }
        #expect(lines.count == 1)
        #expect(!lines.joined().contains("s3cret"))
        #expect(lines.joined().contains("redacted") && lines.joined().contains("client.name"))
    }

    @Test("A text line cannot command the terminal, and ends where it ends")
    func text() {
        let lines = lines(.text) { $0.notice("a\u{1B}[2J\nb", metadata: ["call": "c"]) }
        #expect(lines.count == 1)
        #expect(lines.first?.hasSuffix(" notice: a\\u{1b}[2J\\nb call=c\n") == true)
    }
}
