import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// Which events are the same.
@Suite struct EventIdentityTests {
    private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// Source: FIPS 180-4 examples published by NIST, "abc" and the message of 448 bits.
    @Test("The SHA-256 that these tests compare with is one")
    func naiveDigest() {
        #expect(
            hexadecimal(naiveSHA256(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hexadecimal(naiveSHA256(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)))
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    }

    /// The key by its definition: 12 digits of milliseconds, version 8, 12 bits and, after the variant, 62 bits of the
    /// first ten bytes of the digest.
    private func key(source: String, id: String, milliseconds: UInt64) -> String {
        let digest = hexadecimal(naiveSHA256(Array(source.utf8) + [0] + Array(id.utf8)).prefix(10))
        func digits(_ from: Int, _ count: Int) -> String { String(digest.dropFirst(from).prefix(count)) }
        let time = String(milliseconds, radix: 16)
        let stamp = String(repeating: "0", count: 12 - time.count) + time
        let variant = String(8 + (digits(4, 1).first?.hexDigitValue ?? 0) % 4, radix: 16)
        return "\(stamp.prefix(8))-\(stamp.suffix(4))-8\(digits(1, 3))-\(variant)\(digits(5, 3))-\(digits(8, 12))"
    }

    @Test(
        "The key is a UUIDv8 of the time in milliseconds and a digest of source and id",
        arguments: [
            ("2026-11-23T09:55:14.984208Z", 1_795_427_714_984), ("2026-11-23T09:55:14.984999Z", 1_795_427_714_984),
            ("2026-11-23T10:55:14.985+01:00", 1_795_427_714_985), ("1970-01-01T00:00:00.001Z", 1),
            ("1969-12-31T23:59:59.9Z", 0),
            ("0001-01-01T00:00:00Z", 0), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999),
        ] as [(String, UInt64)])
    func key(time: String, milliseconds: UInt64) throws {
        for number in 0..<40 {
            let (source, id) = ("/s/\(number % 7)", "é-\(number)")
            let event = try RawEvent.plain.with("time", "\"\(time)\"").with("source", "\"\(source)\"")
                .with("id", "\"\(id)\"").decode()
            let expected = key(source: source, id: id, milliseconds: milliseconds)
            #expect(event.key.uuidString.lowercased() == expected)
        }
    }

    @Test("The key hangs on source, id and time alone")
    func keyOfOtherContent() throws {
        let event = try RawEvent.call.decode()
        #expect(try RawEvent.plain.with("data", "{}").decode().key == event.key)
        for (name, value) in [
            ("id", #""e-2""#), ("source", #""/test2""#), ("time", #""2026-11-23T09:55:14.985Z""#),
        ] {
            #expect(try RawEvent.call.with(name, value).decode().key != event.key, "\(name)")
        }
    }

    @Test("What moves from the source to the id gives another key")
    func boundary() throws {
        let left = try RawEvent.plain.with("source", #""/ab""#).with("id", #""c""#).decode()
        let right = try RawEvent.plain.with("source", #""/a""#).with("id", #""bc""#).decode()
        #expect(left.key != right.key)
    }

    @Test("Keys of later milliseconds stand behind those of earlier ones")
    func order() throws {
        let times = (0..<50).map { "2026-11-23T09:55:14.\(100 + $0 * 7)Z" }
        let keys = try times.map { try RawEvent.plain.with("time", "\"\($0)\"").decode().key.uuidString }
        #expect(keys == keys.sorted())
    }

    @Test("The content hash is the SHA-256 of the canonical form without the recorded time")
    func contentHash() throws {
        for raw in [RawEvent.plain, .status.with("zone", "1"), .plain.with("data", "[\"é\",1]")] {
            let expected = naiveSHA256(Array(raw.canonical().utf8))
            #expect(try raw.decode().contentHash == expected)
            #expect(try raw.with("recordedtime", #""2026-01-01T00:00:00Z""#).decode().contentHash == expected)
            #expect(try raw.with("recordedtime", #""2027-01-01T00:00:00Z""#).decode().contentHash == expected)
            let event = try raw.decode()
            let stored = try Event.stored(event.body(recordedAt: Timestamp(microseconds: 5))).event
            #expect(stored.contentHash == expected)
        }
    }

    @Test(
        "Any other content has another hash",
        arguments: [
            ("data", #"{"operation":"show"}"#), ("subject", "\"\(serverB)\""), ("zone", "1"), ("id", #""e-2""#),
        ])
    func otherContent(name: String, value: String) throws {
        #expect(try RawEvent.call.with(name, value).decode().contentHash != RawEvent.call.decode().contentHash)
    }
}
