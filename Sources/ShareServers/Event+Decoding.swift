import FoundationEssentials
import Postgres

extension Event {
    /// Reads one CloudEvents 1.0 JSON object.
    ///
    /// Members that are null count as left out (CloudEvents, JSON format, section 2.2). A `recordedtime` that came
    /// along is dropped: the log gives its own.
    ///
    /// - Throws: `.malformed` where it is not JSON, `.invalid` naming the attribute, `.tooLarge`.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(EventError) {
        var writer = CanonicalWriter(bytes)
        do throws(JSONFault) {
            try writer.writeText()
        } catch {
            throw .malformed(offset: error.offset, reason: error.reason)
        }
        self = try Event(canonicalMembers: writer.output)
    }

    /// Reads the canonical form of an object that may still have `recordedtime` and members that are null.
    init(canonicalMembers bytes: [UInt8]) throws(EventError) {
        var bytes = bytes
        guard bytes.first == 0x7B else { throw .malformed(offset: 0, reason: "an event is a JSON object") }
        if let kept = try bytes.withUnsafeBufferPointer({ bytes throws(EventError) in
            try Self.dropped(from: UnsafeRawBufferPointer(bytes))
        }) {
            bytes = kept
        }
        let size = bytes.count + Self.recordedTimeBytes
        guard size <= Self.maximumBytes else { throw .tooLarge(bytes: size, limit: Self.maximumBytes) }
        let envelope = try bytes.withUnsafeBufferPointer { bytes throws(EventError) in
            try Envelope(UnsafeRawBufferPointer(bytes))
        }
        id = envelope.id
        source = envelope.source
        type = envelope.type
        time = envelope.time
        subject = envelope.subject
        serverID = envelope.serverID
        index = envelope.index
        recordedTimeOffset = envelope.recordedTimeOffset
        canonical = bytes
    }

    /// The object without `recordedtime` and without members that are null; nil where it has none of either.
    private static func dropped(from bytes: UnsafeRawBufferPointer) throws(EventError) -> [UInt8]? {
        let reader = CanonicalReader(bytes)
        var hasAny = false
        var kept: [UInt8] = [0x7B]
        try reader.forEachMember(0..<bytes.count) { key, value throws(EventError) in
            let isRecordedTime = reader.isString(key, "recordedtime")
            if isRecordedTime {
                guard bytes[value.lowerBound] == 0x22, Timestamp(reader.string(value)) != nil else {
                    throw .invalid(attribute: "recordedtime", reason: "an RFC 3339 time is expected")
                }
            }
            if isRecordedTime || bytes[value.lowerBound] == 0x6E {
                hasAny = true
                return
            }
        }
        guard hasAny else { return nil }
        reader.forEachMember(0..<bytes.count) { key, value in
            guard bytes[value.lowerBound] != 0x6E, !reader.isString(key, "recordedtime") else { return }
            if kept.count > 1 { kept.append(0x2C) }
            kept.append(contentsOf: bytes[key.lowerBound..<value.upperBound])
        }
        kept.append(0x7D)
        return kept
    }
}

/// The attributes of an event, read out of its canonical form and checked.
struct Envelope {
    private(set) var id = ""
    private(set) var source = ""
    private(set) var type = ""
    private(set) var time = Timestamp(microseconds: 0)
    private(set) var subject: String?
    private(set) var serverID: UUID?
    private(set) var index = Event.Index()
    private(set) var recordedTimeOffset = 0

    private let reader: CanonicalReader
    private var data: Range<Int>?

    init(_ bytes: UnsafeRawBufferPointer) throws(EventError) {
        reader = CanonicalReader(bytes)
        var seen: Set<Attribute> = []
        var hasBase64 = false
        var offset: Int?
        var timeText: Range<Int>?
        try reader.forEachMember(0..<bytes.count) { key, value throws(EventError) in
            if offset == nil, isAfterRecordedTime(key) { offset = key.lowerBound }
            switch Attribute(key, reader) {
            case .specversion:
                guard reader.isString(value, "1.0") else {
                    throw .invalid(attribute: "specversion", reason: #""1.0" is expected"#)
                }
                seen.insert(.specversion)
            case .id:
                id = try text(value, "id")
                seen.insert(.id)
            case .source:
                source = try text(value, "source")
                seen.insert(.source)
            case .type:
                type = try text(value, "type")
                seen.insert(.type)
            case .time:
                timeText = value
                seen.insert(.time)
            case .subject: subject = try text(value, "subject")
            case .datacontenttype: _ = try text(value, "datacontenttype")
            case .dataschema: _ = try text(value, "dataschema")
            case .data: data = value
            case .data_base64:
                guard bytes[value.lowerBound] == 0x22, Data(base64Encoded: reader.string(value)) != nil else {
                    throw .invalid(attribute: "data_base64", reason: "a base64 string is expected")
                }
                hasBase64 = true
            case nil: try checkExtension(key, value)
            }
        }
        for attribute in [Attribute.specversion, .id, .source, .type, .time] where !seen.contains(attribute) {
            throw .invalid(attribute: attribute.rawValue, reason: "it is missing")
        }
        guard !hasBase64 || data == nil else {
            throw .invalid(attribute: "data_base64", reason: "there is 'data' as well; send one of them")
        }
        guard let timeText, bytes[timeText.lowerBound] == 0x22, let time = Timestamp(reader.string(timeText)) else {
            throw .invalid(attribute: "time", reason: "an RFC 3339 time on a date that exists is expected")
        }
        self.time = time
        recordedTimeOffset = offset ?? bytes.count - 1
        try checkSource()
        try checkSubject()
        try readData()
    }

    private enum Attribute: String {
        case specversion, id, source, type, time, subject, datacontenttype, dataschema, data
        case data_base64

        init?(_ key: Range<Int>, _ reader: CanonicalReader) {
            let names: [(StaticString, Attribute)] = [
                ("data", .data), ("id", .id), ("source", .source), ("specversion", .specversion),
                ("subject", .subject), ("time", .time), ("type", .type), ("datacontenttype", .datacontenttype),
                ("dataschema", .dataschema), ("data_base64", .data_base64),
            ]
            for (name, attribute) in names where reader.isString(key, name) {
                self = attribute
                return
            }
            return nil
        }
    }

    /// Whether a key stands behind `recordedtime`; both are ASCII, or the key is refused later.
    private func isAfterRecordedTime(_ key: Range<Int>) -> Bool {
        let name: StaticString = "recordedtime"
        for offset in 0..<name.utf8CodeUnitCount {
            guard offset < key.count - 2 else { return false }
            let (mine, other) = (reader.bytes[key.lowerBound + 1 + offset], name.utf8Start[offset])
            if mine != other { return mine > other }
        }
        return key.count - 2 > name.utf8CodeUnitCount
    }

    // MARK: - Attributes

    private func text(_ value: Range<Int>, _ attribute: String) throws(EventError) -> String {
        guard reader.bytes[value.lowerBound] == 0x22, value.count > 2 else {
            throw .invalid(attribute: attribute, reason: "a string that is not empty is expected")
        }
        return reader.string(value)
    }

    /// Source: CloudEvents 1.0, "Attribute Naming Convention" and "Type System".
    private func checkExtension(_ key: Range<Int>, _ value: Range<Int>) throws(EventError) {
        let name = reader.string(key)
        guard !name.isEmpty, name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }) else {
            throw .invalid(
                attribute: String(name.prefix(64)),
                reason: "the name of an attribute has lower-case letters and digits only; other things belong in 'data'")
        }
        switch reader.bytes[value.lowerBound] {
        case 0x22, 0x74, 0x66: return
        case 0x5B, 0x7B:
            throw .invalid(
                attribute: name, reason: "an attribute is a string, a boolean or an integer; other things belong in 'data'")
        default:
            guard Int32(String(decoding: reader.bytes[value], as: UTF8.self)) != nil else {
                throw .invalid(attribute: name, reason: "a number in an attribute is an integer of 32 bits")
            }
        }
    }

    /// A URI reference has neither space nor control characters, nor the delimiters that RFC 3986 leaves out.
    private func checkSource() throws(EventError) {
        let refused = Set(#" "<>\^`{|}"#.utf8)
        guard source.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !refused.contains($0) }) else {
            throw .invalid(attribute: "source", reason: "a URI reference is expected (RFC 3986)")
        }
    }

    private mutating func checkSubject() throws(EventError) {
        guard let subject, type.hasPrefix(EventType.shareServer) else { return }
        guard subject.utf8.count == 36, let server = UUID(uuidString: subject) else {
            throw .invalid(attribute: "subject", reason: "the UUID of a share server is expected")
        }
        serverID = server
    }
}

// MARK: - Data

extension Envelope {
    private mutating func readData() throws(EventError) {
        let isCall = type == EventType.call
        let isStatus = type == EventType.status
        guard isCall || isStatus || type == EventType.backendDetails || type == EventType.coverage else { return }
        guard let data, reader.bytes[data.lowerBound] == 0x7B else {
            throw .invalid(attribute: "data", reason: "an object is expected in an event of this type")
        }
        if isCall {
            try readCall(data)
        } else if isStatus {
            try readStatus(data)
        }
    }

    private mutating func readCall(_ data: Range<Int>) throws(EventError) {
        index.operation = try member("operation", of: data)
        index.requestID = try member("request_id", of: data)
        if let value = present("http_status", of: data) {
            guard let number = Int32(String(decoding: reader.bytes[value], as: UTF8.self)), (100...599).contains(number)
            else { throw .invalid(attribute: "data.http_status", reason: "a whole number from 100 to 599 is expected") }
            index.httpStatus = number
        }
        if let value = present("duration_ms", of: data) {
            guard let number = Double(String(decoding: reader.bytes[value], as: UTF8.self)), number >= 0 else {
                throw .invalid(attribute: "data.duration_ms", reason: "a number that is not negative is expected")
            }
        }
        if let actor = present("actor", of: data) {
            guard reader.bytes[actor.lowerBound] == 0x7B else {
                throw .invalid(attribute: "data.actor", reason: "an object is expected")
            }
            index.actorUserID = try member("user_id", of: actor, path: "data.actor.user_id")
            index.projectID = try member("project_id", of: actor, path: "data.actor.project_id")
        }
        if let request = present("request", of: data), let server = reader.member("share_server", of: request),
            let host = reader.member("host", of: server), reader.bytes[host.lowerBound] == 0x22, host.count > 2
        {
            index.host = reader.string(host)
        }
    }

    private mutating func readStatus(_ data: Range<Int>) throws(EventError) {
        index.status = try member("status", of: data)
        index.projectID = try member("project_id", of: data)
        index.host = try member("host", of: data)
        if let value = present("not_before", of: data) {
            let text = reader.bytes[value.lowerBound] == 0x22 ? reader.string(value) : ""
            guard let notBefore = Timestamp(text) else {
                throw .invalid(
                    attribute: "data.not_before", reason: "an RFC 3339 time on a date that exists is expected")
            }
            // PostgreSQL reads it as well, and takes neither a leap second's fraction nor such an offset.
            // Source: PostgreSQL, src/include/datatype/timestamp.h, MAX_TZDISP_HOUR.
            guard !text.dropFirst(17).hasPrefix("60"), isWithinADay(text) else {
                throw .invalid(attribute: "data.not_before", reason: "write it in UTC, with seconds from 00 to 59")
            }
            guard notBefore <= time else {
                throw .invalid(attribute: "data.not_before", reason: "it is later than the event's time")
            }
        }
    }

    /// Whether the offset of an RFC 3339 time is one that places on Earth have: up to 15:59.
    private func isWithinADay(_ text: String) -> Bool {
        guard let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }), text[sign...].count == 6 else { return true }
        return Int(text[sign...].dropFirst().prefix(2)).map { $0 < 16 } ?? false
    }

    /// A member that is there and not null.
    private func present(_ name: StaticString, of range: Range<Int>) -> Range<Int>? {
        guard let value = reader.member(name, of: range), reader.bytes[value.lowerBound] != 0x6E else { return nil }
        return value
    }

    private func member(
        _ name: StaticString, of range: Range<Int>, path: String? = nil
    ) throws(EventError) -> String? {
        guard let value = present(name, of: range) else { return nil }
        guard reader.bytes[value.lowerBound] == 0x22, value.count > 2 else {
            throw .invalid(attribute: path ?? "data.\(name)", reason: "a string that is not empty is expected")
        }
        return reader.string(value)
    }
}
