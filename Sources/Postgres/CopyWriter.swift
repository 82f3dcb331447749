/// Rows in PostgreSQL's binary COPY form, gathered to be sent.
///
/// Source: PostgreSQL documentation, COPY, "Binary Format".
public struct CopyWriter: Sendable {
    private(set) var bytes: [UInt8] = []
    private var hasHeader = false

    public init(reserving capacity: Int = 160 << 10) { bytes.reserveCapacity(capacity) }

    /// Signature, flags, and the length of the header's extension.
    static let header: [UInt8] = [
        0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00, 0, 0, 0, 0, 0, 0, 0, 0,
    ]

    /// Bytes gathered and not yet sent.
    public var count: Int { bytes.count }

    /// Begins a row: exactly `fields` calls of `append` are to follow.
    public mutating func beginRow(fields: Int16) {
        if !hasHeader {
            hasHeader = true
            bytes.append(contentsOf: Self.header)
        }
        bytes.appendBigEndian(fields)
    }

    /// Appends a field.
    @inline(__always)
    public mutating func append<Value: PostgresEncodable>(_ value: Value) {
        let start = bytes.count
        bytes.appendBigEndian(Int32(0))
        value.encode(into: &bytes)
        let length = Int32(clamping: bytes.count - start - 4).bigEndian
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: length, toByteOffset: start, as: Int32.self) }
    }

    /// Appends a field, null where there is no value.
    @inline(__always)
    public mutating func append<Value: PostgresEncodable>(_ value: Value?) {
        if let value { append(value) } else { bytes.appendBigEndian(Int32(-1)) }
    }

    /// Appends a field that is in binary form already: the bytes of a `bytea` or the UTF-8 of a `text`.
    @inline(__always)
    public mutating func append(bytes field: [UInt8]) {
        bytes.appendBigEndian(Int32(clamping: field.count))
        bytes.append(contentsOf: field)
    }

    /// Forgets what was gathered; rows that follow belong to the same COPY.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}
