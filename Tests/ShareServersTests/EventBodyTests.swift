import FoundationEssentials
import Postgres
import Testing

@testable import ShareServers

/// The bytes that are stored and hashed.
@Suite struct EventBodyTests {
    static let recordedAt = "2026-11-23T10:00:00.000001Z"
    static let recorded = Timestamp(microseconds: 1_795_428_000_000_001)

    @Test(
        "The body is the canonical form with the recorded time in its place",
        arguments: [
            [:], ["subject": #""x""#], ["recordedtim": "1"], ["recordedtimes": "1", "recordedtime0": "2"],
            ["r": "true"],
            ["s": "true", "z": "1", "a": "2"], ["data": #"{"recordedtime":"inner","specversion":1}"#],
            ["dataschema": #""recordedtime\":\"""#],
        ] as [[String: String]])
    func body(extras: [String: String]) throws {
        let raw = extras.reduce(RawEvent.plain) { $0.with($1.key, $1.value) }
        let event = try raw.decode()
        let body = event.body(recordedAt: Self.recorded)
        #expect(String(decoding: body, as: UTF8.self) == raw.canonical(recordedAt: Self.recordedAt))
        #expect(String(decoding: event.canonical, as: UTF8.self) == raw.canonical())
        let stored = try Event.stored(body)
        #expect(stored.event == event)
        #expect(stored.recordedAt == Self.recorded)
    }

    @Test("A recorded time that came along is dropped, and refused where it is none")
    func foreignRecordedTime() throws {
        let raw = RawEvent.call
        #expect(try raw.with("recordedtime", #""2020-01-01T00:00:00Z""#).decode() == raw.decode())
        for value in ["1", "\"yesterday\"", "\"\"", "{}"] {
            #expect(raw.with("recordedtime", value).attributeAtFault == "recordedtime", "\(value)")
        }
    }

    @Test("A stored body that is not to the byte what was written is refused")
    func tamperedBody() throws {
        let body = String(decoding: try RawEvent.call.decode().body(recordedAt: Self.recorded), as: UTF8.self)
        #expect(throws: Never.self) { try Event.stored(Array(body.utf8)) }
        for (old, new) in [
            ("{\"data\"", "{ \"data\""), (Self.recordedAt, "2026-11-23T10:00:00.000001+00:00"),
            (Self.recordedAt, "2026-11-23T10:00:00.0000010Z"), (",\"recordedtime\":\"\(Self.recordedAt)\"", ""),
            ("}", "} "), ("\"req-1\"", "\"req\\u002d1\""), ("200", "2e2"), ("\"id\"", "\"subject\":null,\"id\""),
        ] {
            let changed = body.replacing(old, with: new)
            try #require(changed != body)
            #expect(throws: EventError.self, "\(changed)") { try Event.stored(Array(changed.utf8)) }
        }
    }

    @Test("A body of 65,535 bytes with its recorded time is taken, and one of 65,536 is not")
    func size() throws {
        func raw(_ count: Int) -> RawEvent { .plain.with("data", "\"\(String(repeating: "x", count: count))\"") }
        // The naive form says how much room there is.
        let room = 65_535 - raw(0).canonical(recordedAt: Self.recordedAt).utf8.count
        let largest = try raw(room).decode()
        #expect(largest.body(recordedAt: Self.recorded).count == 65_535)
        #expect(raw(room + 1).error == .tooLarge(bytes: 65_536, limit: 65_535))
        #expect(raw(200_000).error?.attribute == nil)
    }

    @Test("Blanks, escapes, nulls and a recorded time that came along do not count against the size")
    func sizeOfTheCanonicalForm() throws {
        let room = 65_535 - RawEvent.plain.with("data", "\"\"").canonical(recordedAt: Self.recordedAt).utf8.count
        let escaped = RawEvent.plain.with("data", "\"\(String(repeating: "\\u0078", count: room))\"")
            .with("recordedtime", #""2020-01-01T00:00:00.123456789Z""#).with("subject", "null")
        let event = try decodeEvent(String(repeating: " ", count: 100_000) + escaped.text + "\n\n")
        #expect(event.body(recordedAt: Self.recorded).count == 65_535)
        // Two bytes of UTF-8 count twice.
        #expect(RawEvent.plain.with("data", "\"\(String(repeating: "é", count: room / 2 + 1))\"").error != nil)
    }

    @Test("An event made here is held to the same size")
    func sizeOfAMadeEvent() throws {
        func make(_ count: Int) throws(EventError) -> Event {
            try Event(
                id: "1", source: "/test", type: "t", time: moment(0),
                data: .string(String(repeating: "x", count: count)))
        }
        let room = 65_535 - (try make(0)).body(recordedAt: Self.recorded).count
        #expect(try make(room).body(recordedAt: Self.recorded).count == 65_535)
        #expect(throws: EventError.tooLarge(bytes: 65_536)) { try make(room + 1) }
    }

    @Test(
        "What an initialiser takes can be read back from the log",
        arguments: [
            "a\u{0}b", .array(["\u{0}"]), ["a\u{0}": 1], 1e20, .number(9_007_199_254_740_994), -1.5e19, 1e21,
            .number(.leastNonzeroMagnitude),
            .number(.nan), nested(63), nested(64), nested(100), ["e\u{301}": 1, "x": "\u{1F600}\u{FFFF}"], .null,
        ] as [JSON])
    func readBack(data: JSON) throws {
        guard let event = try? Event(id: "1", source: "/test", type: "t", time: moment(0), data: data) else { return }
        let stored = try Event.stored(event.body(recordedAt: Self.recorded))
        #expect(stored.event == event)
    }

    @Test(
        "What a source's text holds can be read back from the log",
        arguments: [
            "1e20", "[1e16]", "9007199254740994.0", #"{"\u00e9":1,"e\u0301":2}"#, "1e21", "-0.0", #""\u001f\u007f""#,
        ])
    func readBackText(data: String) throws {
        guard let event = try? RawEvent.plain.with("data", data).decode() else { return }
        let stored = try Event.stored(event.body(recordedAt: Self.recorded))
        #expect(stored.event == event)
    }

    private static func nested(_ depth: Int) -> JSON { (0..<depth).reduce(1) { inner, _ in [inner] } }
}
