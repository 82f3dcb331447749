import FoundationEssentials
import Postgres

/// The attributes of an event, read out of its canonical form and checked.
struct Envelope {
    private(set) var id = ""
    private(set) var source = ""
    private(set) var type = ""
    private(set) var time = Timestamp(microseconds: 0)
    private(set) var subject: String?
    private(set) var serverID: UUID?
    var index = Event.Index()
    private(set) var recordedTimeOffset = 0
    /// Whether there are members that an event does not keep: `recordedtime` and what is null.
    private(set) var hasDropped = false

    let reader: CanonicalReader

    init(of bytes: [UInt8]) throws(EventError) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(EventError) in
            try Envelope(UnsafeRawBufferPointer(bytes))
        }
    }

    private init(_ bytes: UnsafeRawBufferPointer) throws(EventError) {
        reader = CanonicalReader(bytes)
        var seen: Set<Attribute> = []
        var data: Range<Int>?
        var hasBase64 = false
        var offset: Int?
        var timeText: Range<Int>?
        try reader.forEachMember(0..<bytes.count) { key, value throws(EventError) in
            guard bytes[value.lowerBound] != 0x6E else {
                hasDropped = true
                return
            }
            if offset == nil, isAfterRecordedTime(key) { offset = key.lowerBound }
            switch Attribute(key, reader) {
            case .recordedtime:
                guard bytes[value.lowerBound] == 0x22, timestamp(value) != nil else {
                    throw .invalid(attribute: "recordedtime", reason: "an RFC 3339 time is expected")
                }
                hasDropped = true
            case .specversion:
                guard reader.isString(value, "1.0") else {
                    throw .invalid(attribute: "specversion", reason: #""1.0" is expected"#)
                }
                seen.insert(.specversion)
            case .id:
                id = try text(value, "id")
                seen.insert(.id)
            case .source:
                source = try name(value, "source")
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
            case .dataBase64:
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
        guard let timeText, let time = timestamp(timeText) else {
            throw .invalid(attribute: "time", reason: "an RFC 3339 time on a date that exists is expected")
        }
        self.time = time
        recordedTimeOffset = offset ?? bytes.count - 1
        try checkSource()
        try checkSubject()
        try readData(data)
    }

    private enum Attribute: String {
        case specversion, id, source, type, time, subject, datacontenttype, dataschema, data, recordedtime
        case dataBase64 = "data_base64"

        init?(_ key: Range<Int>, _ reader: CanonicalReader) {
            for (name, attribute) in Self.names where reader.isString(key, name) {
                self = attribute
                return
            }
            return nil
        }

        private static let names: [(StaticString, Attribute)] = [
            ("data", .data), ("id", .id), ("source", .source), ("specversion", .specversion), ("subject", .subject),
            ("time", .time), ("type", .type), ("recordedtime", .recordedtime), ("datacontenttype", .datacontenttype),
            ("dataschema", .dataschema), ("data_base64", .dataBase64),
        ]
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

    /// The time that a string says; nil for what is none.
    func timestamp(_ value: Range<Int>) -> Timestamp? {
        guard reader.bytes[value.lowerBound] == 0x22 else { return nil }
        return Timestamp(bytes: .init(rebasing: reader.bytes[value.lowerBound + 1..<value.upperBound - 1]))
    }

    func text(_ value: Range<Int>, _ attribute: String) throws(EventError) -> String {
        guard reader.bytes[value.lowerBound] == 0x22, value.count > 2 else {
            throw .invalid(attribute: attribute, reason: "a string that is not empty is expected")
        }
        return reader.string(value)
    }

    /// The most bytes of what is looked up by name.
    ///
    /// Source: PostgreSQL, `BTMaxItemSize`: an entry of an index has at most 2,704 bytes; no name of Manila's has more
    /// than 255 characters.
    static let longestName = 1024

    /// As `text`, of what tables and indexes are keyed by.
    func name(_ value: Range<Int>, _ attribute: String) throws(EventError) -> String {
        guard value.count - 2 <= Self.longestName else {
            throw .invalid(attribute: attribute, reason: "at most \(Self.longestName) bytes are taken")
        }
        return try text(value, attribute)
    }

    /// Source: CloudEvents 1.0, "Attribute Naming Convention" and "Type System".
    private func checkExtension(_ key: Range<Int>, _ value: Range<Int>) throws(EventError) {
        let name = reader.string(key)
        guard !name.isEmpty, name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }) else {
            throw .invalid(
                attribute: String(name.prefix(64)),
                reason: "the name of an attribute has lower-case letters and digits only; other things belong in 'data'"
            )
        }
        switch reader.bytes[value.lowerBound] {
        case 0x22, 0x74, 0x66: return
        case 0x5B, 0x7B:
            throw .invalid(
                attribute: name,
                reason: "an attribute is a string, a boolean or an integer; other things belong in 'data'")
        default:
            guard Int32(String(decoding: reader.bytes[value], as: UTF8.self)) != nil else {
                throw .invalid(attribute: name, reason: "a number in an attribute is an integer of 32 bits")
            }
        }
    }

    /// A URI reference has neither space nor control characters, nor the delimiters that RFC 3986 leaves out.
    private func checkSource() throws(EventError) {
        let isReference = source.utf8.allSatisfy { byte in
            switch byte {
            case ...0x20, 0x22, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B...0x7D, 0x7F: false
            default: true
            }
        }
        guard isReference else {
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
