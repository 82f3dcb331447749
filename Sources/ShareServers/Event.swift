import Crypto
public import FoundationEssentials
public import Postgres

/// What a source claims happened. The same `source`, `id` and `time` with the same content is the same event.
///
/// A CloudEvents 1.0 object in canonical JSON (RFC 8785), UTF-8, at most 65,535 bytes with its recorded time.
public struct Event: Sendable, Hashable {
    /// Of the body that is stored. Source: design; C2SP tlog-tiles prefixes an entry with its length in 16 bits.
    public static let maximumBytes = 65_535

    public let id: String
    public let source: String
    public let type: String
    /// When it happened, by the source's clock, cut off to the microsecond.
    public let time: Timestamp
    public let subject: String?
    /// The server that it is about; nil where it names none.
    public let serverID: UUID?
    public let index: Index
    /// The canonical form without `recordedtime`.
    public let canonical: [UInt8]
    /// Where in `canonical` `recordedtime` belongs.
    let recordedTimeOffset: Int

    /// What is kept beside the body, to find it by.
    public struct Index: Sendable, Hashable {
        public var operation: String?
        public var status: String?
        public var httpStatus: Int32?
        public var requestID: String?
        public var actorUserID: String?
        public var projectID: String?
        public var host: String?

        public init() {}
    }

    /// Makes an event.
    ///
    /// - Throws: `.invalid` and `.tooLarge`, as `init(decoding:)`; what is no JSON that the log takes (U+0000, whole
    ///   numbers beyond 2^53, more than 64 deep) is `.invalid` too.
    public init(
        id: String, source: String, type: String, time: Timestamp, subject: String? = nil, data: JSON
    ) throws(EventError) {
        var members: [String: JSON] = [
            "specversion": "1.0", "id": .string(id), "source": .string(source), "type": .string(type),
            "time": .string(time.description), "data": data,
        ]
        members["subject"] = subject.map { .string($0) }
        // Read as if it had come from outside: what the log could not read back is refused here.
        let bytes = JSON.object(members).canonical()
        do throws(EventError) {
            self = try bytes.withUnsafeBufferPointer { bytes throws(EventError) in
                try Event(decoding: UnsafeRawBufferPointer(bytes))
            }
        } catch .malformed(_, let reason) {
            throw .invalid(attribute: "data", reason: reason)
        }
    }
}

// MARK: - The body

extension Event {
    private static let recordedTimeName = Array(#""recordedtime":""#.utf8)
    /// Bytes that the recorded time adds to the canonical form: name, value, quote and comma.
    static let recordedTimeBytes = recordedTimeName.count + Timestamp.textLength + 2

    /// The bytes that are stored and hashed: the canonical form with `recordedtime` in its place.
    public func body(recordedAt: Timestamp) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(canonical.count + Self.recordedTimeBytes)
        appendBody(recordedAt: recordedAt, to: &bytes)
        return bytes
    }

    /// Appends the body.
    public func appendBody(recordedAt: Timestamp, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: canonical[..<recordedTimeOffset])
        bytes.append(contentsOf: Self.recordedTimeName)
        recordedAt.appendText(to: &bytes)
        bytes.append(0x22)
        bytes.append(0x2C)
        bytes.append(contentsOf: canonical[recordedTimeOffset...])
    }

    /// Reads a stored body back; it must be, to the byte, what `appendBody` gives.
    ///
    /// - Throws: `.malformed` or `.invalid` where it is not.
    public static func stored(_ body: [UInt8]) throws(EventError) -> (event: Event, recordedAt: Timestamp) {
        let whole = body.withUnsafeBytes { bytes -> JSON? in
            // Only a look at one member: what is not JSON is found below.
            try? JSON(parsing: bytes)
        }
        guard let text = whole?["recordedtime"]?.string, let recordedAt = Timestamp(text) else {
            throw .invalid(attribute: "recordedtime", reason: "it is missing or no RFC 3339 time")
        }
        let event = try body.withUnsafeBufferPointer { bytes throws(EventError) in
            try Event(decoding: UnsafeRawBufferPointer(bytes))
        }
        guard event.body(recordedAt: recordedAt) == body else {
            throw .invalid(attribute: "recordedtime", reason: "the body is not in canonical form")
        }
        return (event, recordedAt)
    }
}

// MARK: - Identity

extension Event {
    /// SHA-256 of the canonical form without `recordedtime`: equal for events of equal content.
    public var contentHash: [UInt8] { Array(SHA256.hash(data: canonical)) }

    /// Equal for events of equal `source`, `id` and `time`, and in the order of time to the millisecond.
    ///
    /// A UUIDv8: 48 bits of `time` in milliseconds since 1970 (zero before that), then 74 bits of
    /// SHA-256(source ‖ 0x00 ‖ id). Source: RFC 9562, section 5.8.
    public var key: UUID {
        var hash = SHA256()
        hash.update(data: Array(source.utf8))
        hash.update(data: [0x00])
        hash.update(data: Array(id.utf8))
        let digest = Array(hash.finalize().prefix(10))
        let milliseconds = UInt64(max(0, time.milliseconds))
        let stamp = (0..<6).map { UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * UInt64($0))) }
        return UUID(
            uuid: (
                stamp[0], stamp[1], stamp[2], stamp[3], stamp[4], stamp[5],
                0x80 | digest[0] & 0x0F, digest[1],
                0x80 | digest[2] & 0x3F, digest[3], digest[4], digest[5], digest[6], digest[7], digest[8], digest[9]
            ))
    }
}
