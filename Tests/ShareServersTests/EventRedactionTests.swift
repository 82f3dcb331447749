import Foundation
import ShareServers
import Testing

/// Secrets that a source has left in its events.
@Suite struct EventRedactionTests {
    private let redaction = Redaction(key: Array(repeating: 7, count: 32))

    private func data(of event: Event) throws -> JSON { try JSON(parsing: event.canonical)["data"] ?? .null }

    @Test(
        "A secret in an event of a share server is replaced, wherever it stands",
        arguments: [
            #"{"request":{"share_server":{"driver_options":{"password":"hunter2"}}}}"#,
            #"{"request":{"a":[{"X-Auth-Token":"hunter2"}]}}"#, #"{"response":{"my_Secret_2":"hunter2"}}"#,
            #"{"request":{"pass\u0077ord":"hunter2"}}"#, #"{"request":"{\"token\":\"hunter2\"}"}"#,
            #"{"response":{"private-key":{"of":"hunter2"}}}"#, #"{"request":{"credential":["hunter2"]}}"#,
            #"{"request":{"ssh_key_path":"hunter2"}}"#,
        ])
    func replaced(data: String) throws {
        let event = try RawEvent.call.with("data", data).decode()
        let safe = try event.redacted(redaction)
        #expect(!String(decoding: safe.canonical, as: UTF8.self).contains("hunter2"))
        #expect(try self.data(of: safe) == redaction.redact(try self.data(of: event)))
        #expect((safe.id, safe.source, safe.time) == (event.id, event.source, event.time))
        #expect(try safe.redacted(redaction) == safe)
    }

    @Test("An event without secrets comes back as it is")
    func untouched() throws {
        for data in [
            #"{"request":{"encryption_key_ref":"a"},"path":"/v2/share-servers"}"#, #"{"response":{"created_at":"x"}}"#,
            #"{"request":{"pas":"s"},"response":{"author":"a"}}"#,
        ] {
            let event = try RawEvent.call.with("data", data).decode()
            #expect(try event.redacted(redaction) == event)
        }
    }

    @Test("What other events mean is not known, and they are kept as they are")
    func others() throws {
        let event = try RawEvent.plain.with("type", "\"com.example.t\"").with("data", #"{"password":"p"}"#).decode()
        #expect(try event.redacted(redaction) == event)
    }
}
