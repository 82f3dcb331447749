public import FoundationEssentials

/// PostgreSQL's number of a type. Source: `pg_type.dat`; built-in types never change theirs.
public typealias OID = UInt32

/// What can be bound as a parameter or copied in, in PostgreSQL's binary form.
public protocol PostgresEncodable {
    static var oid: OID { get }
    static var arrayOID: OID { get }
    func encode(into bytes: inout [UInt8])
}

/// What can be read out of a result's binary form.
public protocol PostgresDecodable {
    /// Whether columns of type `type` hold such values.
    static func reads(_ type: OID) -> Bool
    /// - Throws: Why the bytes, of a column of type `type`, are no such value.
    init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault)
}

/// Why a column could not be read; says types and lengths, never values.
public struct ValueFault: Error, Sendable {
    public let reason: String
    public init(_ reason: String) { self.reason = reason }
}

extension [UInt8] {
    /// Appends an integer in network byte order.
    @inlinable @inline(__always)
    mutating func appendBigEndian<Value: FixedWidthInteger>(_ value: Value) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    func bigEndian<Value: FixedWidthInteger>(_: Value.Type = Value.self, at offset: Int = 0) -> Value {
        Value(bigEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// The integer that the bytes are, of any of PostgreSQL's widths, where it fits.
    func integer<Value: FixedWidthInteger>(_: Value.Type) throws(ValueFault) -> Value {
        let wide: Int64
        switch count {
        case 2: wide = Int64(bigEndian(Int16.self))
        case 4: wide = Int64(bigEndian(Int32.self))
        case 8: wide = bigEndian(Int64.self)
        default: throw ValueFault("an integer of \(count) bytes")
        }
        guard let value = Value(exactly: wide) else { throw ValueFault("an integer too large for \(Value.self)") }
        return value
    }
}

extension Int16: PostgresEncodable, PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { type == 20 || type == 21 || type == 23 }
    public static var oid: OID { 21 }
    public static var arrayOID: OID { 1005 }
    public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) { self = try binary.integer(Self.self) }
}

extension Int32: PostgresEncodable, PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { type == 20 || type == 21 || type == 23 }
    public static var oid: OID { 23 }
    public static var arrayOID: OID { 1007 }
    public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) { self = try binary.integer(Self.self) }
}

extension Int64: PostgresEncodable, PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { type == 20 || type == 21 || type == 23 }
    public static var oid: OID { 20 }
    public static var arrayOID: OID { 1016 }
    public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) { self = try binary.integer(Self.self) }
}

extension Double: PostgresEncodable, PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { type == 701 || type == 700 }
    public static var oid: OID { 701 }
    public static var arrayOID: OID { 1022 }
    public func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(bitPattern) }
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) {
        switch binary.count {
        case 8: self.init(bitPattern: binary.bigEndian())
        case 4: self.init(Float(bitPattern: binary.bigEndian()))
        default: throw ValueFault("a float of \(binary.count) bytes")
        }
    }
}

extension Bool: PostgresEncodable, PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { type == 16 }
    public static var oid: OID { 16 }
    public static var arrayOID: OID { 1000 }
    public func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) {
        guard binary.count == 1 else { throw ValueFault("a boolean of \(binary.count) bytes") }
        self = binary[0] != 0
    }
}

extension String: PostgresEncodable, PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { [25, 1043, 1042, 19, 18].contains(type) }
    public static var oid: OID { 25 }
    public static var arrayOID: OID { 1009 }
    public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) {
        self.init(decoding: binary, as: UTF8.self)
    }
}

extension UUID: PostgresEncodable, PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { type == 2950 }
    public static var oid: OID { 2950 }
    public static var arrayOID: OID { 2951 }
    public func encode(into bytes: inout [UInt8]) { withUnsafeBytes(of: uuid) { bytes.append(contentsOf: $0) } }
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) {
        guard binary.count == 16 else { throw ValueFault("a uuid of \(binary.count) bytes") }
        self.init(uuid: binary.loadUnaligned(as: uuid_t.self))
    }
}

extension Timestamp: PostgresEncodable, PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { type == 1184 }
    public static var oid: OID { 1184 }
    public static var arrayOID: OID { 1185 }
    /// Microseconds from 1970-01-01 to 2000-01-01, from which PostgreSQL counts.
    private static let epoch: Int64 = 946_684_800_000_000

    /// The extremes of `Int64` stand for PostgreSQL's `-infinity` and `infinity`.
    public func encode(into bytes: inout [UInt8]) {
        switch microseconds {
        case .min, .max: bytes.appendBigEndian(microseconds)
        default: bytes.appendBigEndian(max(microseconds, .min + Self.epoch + 1) - Self.epoch)
        }
    }
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) {
        let stored = try Int64(binary: binary, type: type)
        switch stored {
        case .min, .max: self.init(microseconds: stored)
        default:
            // PostgreSQL's last years lie beyond what can be counted from 1970.
            let (sum, isBeyond) = stored.addingReportingOverflow(Self.epoch)
            self.init(microseconds: isBeyond ? .max : sum)
        }
    }
}

/// A `bytea`.
public struct Bytes: Sendable, Hashable, PostgresEncodable, PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { type == 17 }
    public var bytes: [UInt8]
    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public static var oid: OID { 17 }
    public static var arrayOID: OID { 1001 }
    public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: self.bytes) }
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) { bytes = Array(binary) }
}

/// The text of a `json` or `jsonb`, passed through unread.
public struct JSONText: Sendable, Hashable, PostgresEncodable, PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { type == 114 || type == 3802 }
    public var bytes: [UInt8]
    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public static var oid: OID { 114 }
    public static var arrayOID: OID { 199 }
    private static let jsonb: OID = 3802
    public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: self.bytes) }
    /// A `jsonb` has one byte, its version, before the text.
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) {
        bytes = Array(type == Self.jsonb ? binary.dropFirst() : binary[...])
    }
}
