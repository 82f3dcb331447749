import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// The attributes of CloudEvents 1.0, and what is said of those that are wrong.
@Suite struct EventAttributeTests {
    static let required = ["specversion", "id", "source", "type", "time"]
    /// JSON texts that are no string with something in it.
    static let noStrings = ["1", "true", "false", "[]", "{}", "\"\"", "[\"a\"]", "{\"a\":\"b\"}"]

    @Test("A required attribute that is missing or null is named", arguments: required)
    func missing(name: String) {
        for event in [RawEvent.plain, .call, .status] {
            #expect(event.error == nil)
            #expect(event.with(name, nil).attributeAtFault == name)
            #expect(event.with(name, "null").attributeAtFault == name)
        }
    }

    @Test("An attribute of another type is named", arguments: required + ["subject", "datacontenttype", "dataschema"])
    func wrongType(name: String) {
        for value in Self.noStrings { #expect(RawEvent.plain.with(name, value).attributeAtFault == name, "\(value)") }
    }

    @Test(
        "Only version 1.0 of CloudEvents is taken",
        arguments: ["\"0.3\"", "\"1\"", "\"1.1\"", "\"1.0.0\"", "\" 1.0\"", "1.0"])
    func version(value: String) {
        #expect(RawEvent.plain.with("specversion", value).attributeAtFault == "specversion")
    }

    @Test("An optional attribute that is null counts as left out")
    func nulls() throws {
        let event = try RawEvent.plain.with("subject", "null").with("data", "null").with("dataschema", "null")
            .with("myextension", "null").decode()
        #expect(event == (try RawEvent.plain.decode()))
        #expect(String(decoding: event.canonical, as: UTF8.self) == RawEvent.plain.canonical())
    }

    @Test(
        "A time that is no RFC 3339 moment on a date that exists is refused",
        arguments: [
            "2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
            "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00",
            "2026-01-01", "2026-01-01T00:00Z", "2026-01-01 00:00:00Z", "2026-1-1T00:00:00Z", "20260101T000000Z",
            "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01",
            "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00Z ",
            " 2026-01-01T00:00:00Z", "+2026-01-01T00:00:00Z", "-001-01-01T00:00:00Z", "12026-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01", "now", "1795427714",
            "２０２６-01-01T00:00:00Z", "2026-01-01T00:00:00−01:00", "2026-W01-1T00:00:00Z",
            "Mon, 23 Nov 2026 09:00:00 GMT",
        ])
    func impossibleTime(text: String) {
        #expect(RawEvent.plain.with("time", "\"\(text)\"").attributeAtFault == "time")
    }

    /// Expected by GNU date: `date -u -d <text> +%s.%6N`; the leap second is the next minute's first, as documented.
    @Test(
        "Every way of RFC 3339 to write a moment gives that moment",
        arguments: [
            ("2026-11-23T09:55:14.984208Z", 1_795_427_714_984_208), ("2026-11-23T09:55:14Z", 1_795_427_714_000_000),
            ("2026-11-23t09:55:14z", 1_795_427_714_000_000), ("2026-11-23T10:55:14.5+01:00", 1_795_427_714_500_000),
            ("2026-11-22T23:25:14-10:30", 1_795_427_714_000_000),
            ("2026-11-23T09:55:14.9842089999Z", 1_795_427_714_984_208),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000), ("2000-02-29T12:00:00-00:00", 951_825_600_000_000),
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999999Z", -1),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ] as [(String, Int64)])
    func moments(text: String, microseconds: Int64) throws {
        let event = try RawEvent.plain.with("time", "\"\(text)\"").decode()
        #expect(event.time.microseconds == microseconds)
        // What the source wrote stays as it wrote it.
        #expect(try JSON(parsing: event.canonical)["time"]?.string == text)
    }

    @Test(
        "A source that is no URI reference is refused",
        arguments: [
            "a b", "a\\tb", "a\\u007fb", "<a>", "a\\\\b", "a^b", "a`b", "{a}", "a|b", "\\\"a\\\"", " ",
        ])
    func source(text: String) {
        #expect(RawEvent.plain.with("source", "\"\(text)\"").attributeAtFault == "source")
    }

    @Test(
        "URIs, URNs and paths are sources",
        arguments: [
            "/gateway/alpha", "https://manila.example:8786/v2?x=%20#f", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
            "a",
            "mailto:cncf-wg-serverless@lists.cncf.io", "http://[::1]:8786", "//host", "?", "#", "/münchen",
        ])
    func goodSource(text: String) throws {
        #expect(try RawEvent.plain.with("source", "\"\(text)\"").decode().source == text)
    }

    @Test(
        "The subject of an event about share servers is a server's UUID",
        arguments: [
            "x", "8c041935231e405aa0d2d5b0acdceb46", "{\(serverA)}", "\(serverA)0",
            "8c041935-231e-405a-a0d2-d5b0acdceb4g",
            "8c041935-231e-405aa-0d2-d5b0acdceb46", " \(serverA)",
        ])
    func subject(text: String) throws {
        let value = "\"\(text)\""
        #expect(RawEvent.call.with("subject", value).attributeAtFault == "subject")
        #expect(RawEvent.status.with("subject", value).attributeAtFault == "subject")
        #expect(
            RawEvent.plain.with("type", "\"org.openstack.manila.share_server.later\"").with("subject", value)
                .attributeAtFault == "subject")
        let other = try RawEvent.plain.with("subject", value).decode()
        #expect(other.subject == text)
        #expect(other.serverID == nil)
    }

    @Test("A server's UUID is read in any case, and kept as written")
    func server() throws {
        let event = try RawEvent.call.with("subject", "\"\(serverA.uppercased())\"").decode()
        #expect(event.serverID == UUID(uuidString: serverA))
        #expect(event.subject == serverA.uppercased())
        #expect(try RawEvent.call.with("subject", nil).decode().serverID == nil)
    }

    @Test("What is JSON and no object is no event", arguments: ["[]", "[{}]", "1", "\"a\"", "null", "true"])
    func noObject(text: String) {
        #expect(throws: EventError.self) { try decodeEvent(text) }
    }

    @Test(
        "What is not JSON is malformed at a byte, and no attribute is blamed",
        arguments: [
            "", "{", #"{"id": }"#, #"{"id":"\u0000"}"#, #"{"id":"a","id":"a"}"#, #"{"data":9007199254740993}"#, "{} {}",
            #"{"data":{"a":[{"b":1,"b":2}]}}"#, #"{"id":"\ud800"}"#, #"{"data":1e999}"#,
        ])
    func malformed(text: String) {
        let error = #expect(throws: EventError.self) { try decodeEvent(text) }
        guard case .malformed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.attribute == nil)
    }
}
