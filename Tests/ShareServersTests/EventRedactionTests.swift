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

    @Test("A secret in an event of a type that nobody knows is replaced too")
    func others() throws {
        let event = try RawEvent.plain.with("type", "\"com.example.t\"").with("data", #"{"password":"p"}"#).decode()
        #expect(try data(of: event.redacted(redaction)) == ["password": redaction.seal("p")])
    }

    @Test(
        "A secret in an attribute is replaced, and the event stays one",
        arguments: [
            ("authtoken", #""hunter2hunter2""#), ("source", #""https://me:hunter2hunter2@host/x""#),
            ("source", #""/x?token=hunter2hunter2""#), ("subject", #""password=hunter2hunter2""#),
            ("dataschema", #""https://hunter2hunter2@host/x""#), ("note", #""Bearer hunter2hunter2""#),
            // {"password":"hunter2hunter2"}, token=hunter2hunter2
            ("data_base64", #""eyJwYXNzd29yZCI6Imh1bnRlcjJodW50ZXIyIn0=""#),
            ("data_base64", #""dG9rZW49aHVudGVyMmh1bnRlcjI=""#),
        ])
    func attribute(name: String, value: String) throws {
        let event = try RawEvent.plain.with(name, value).decode()
        let safe = try event.redacted(redaction)
        let text = String(decoding: safe.canonical, as: UTF8.self)
        #expect(!text.contains("hunter2"))
        #expect(safe.id == event.id && safe.time == event.time)
        let members = try JSON(parsing: text).object ?? [:]
        let base64 = members["data_base64"]?.string.flatMap { Data(base64Encoded: $0) } ?? Data()
        #expect(!String(decoding: base64, as: UTF8.self).contains("hunter2"))
        #expect((text + String(decoding: base64, as: UTF8.self)).contains("hmac-sha256:"))
        #expect(try safe.redacted(redaction) == safe)
    }
}
