// PostgreSQL's binary array: dimensions, has-nulls, element type, then for each dimension its length and lower bound,
// then each element as a length (-1: null) and its bytes. Source: PostgreSQL, src/backend/utils/adt/arrayfuncs.c,
// array_send.

extension Array: PostgresEncodable where Element: PostgresEncodable {
    public static var oid: OID { Element.arrayOID }
    public static var arrayOID: OID { Element.arrayOID }
    public func encode(into bytes: inout [UInt8]) {
        Array<Element?>.encode(lazy.map { $0 }, hasNulls: false, into: &bytes)
    }
}

extension Array {
    /// Appends an array of which elements may be null.
    static func encode<Value: PostgresEncodable>(
        _ elements: some Collection<Value?>, hasNulls: Bool, into bytes: inout [UInt8]
    ) where Element == Value? {
        bytes.appendBigEndian(Int32(elements.isEmpty ? 0 : 1))
        bytes.appendBigEndian(Int32(hasNulls ? 1 : 0))
        bytes.appendBigEndian(Value.oid)
        guard !elements.isEmpty else { return }
        bytes.appendBigEndian(Int32(elements.count))
        bytes.appendBigEndian(Int32(1))
        for element in elements {
            guard let element else {
                bytes.appendBigEndian(Int32(-1))
                continue
            }
            let start = bytes.count
            bytes.appendBigEndian(Int32(0))
            element.encode(into: &bytes)
            let length = Int32(clamping: bytes.count - start - 4).bigEndian
            bytes.withUnsafeMutableBytes { $0.storeBytes(of: length, toByteOffset: start, as: Int32.self) }
        }
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    public static func reads(_ type: OID) -> Bool { arrays[type].map { Element.reads($0) } ?? false }

    /// Of one dimension; a null element is a fault.
    public init(binary: UnsafeRawBufferPointer, type: OID) throws(ValueFault) {
        self = []
        try Self.forEach(binary) { element, type throws(ValueFault) in
            guard let element else { throw ValueFault("an array with a null element") }
            append(try Element(binary: element, type: type))
        }
    }

    private static func forEach(
        _ binary: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer?, OID) throws(ValueFault) -> Void
    ) throws(ValueFault) {
        guard binary.count >= 12 else { throw ValueFault("an array of \(binary.count) bytes") }
        let dimensions = binary.bigEndian(Int32.self)
        guard dimensions != 0 else { return }
        guard dimensions == 1, binary.count >= 20 else { throw ValueFault("an array of \(dimensions) dimensions") }
        let type = binary.bigEndian(OID.self, at: 8)
        var at = 20
        for _ in 0..<Swift.max(0, binary.bigEndian(Int32.self, at: 12)) {
            guard at + 4 <= binary.count else { throw ValueFault("an array cut short") }
            let length = Int(binary.bigEndian(Int32.self, at: at))
            at += 4
            guard length >= 0 else {
                try body(nil, type)
                continue
            }
            guard at + length <= binary.count else { throw ValueFault("an array cut short") }
            try body(UnsafeRawBufferPointer(rebasing: binary[at..<at + length]), type)
            at += length
        }
    }
}

/// Array types by their number, with the number of their elements' type. Source: PostgreSQL, `pg_type.dat`.
private let arrays: [OID: OID] = [
    1000: 16, 1001: 17, 1005: 21, 1007: 23, 1016: 20, 1021: 700, 1022: 701, 1009: 25, 1015: 1043, 1003: 19, 2951: 2950,
    1185: 1184, 199: 114, 3807: 3802,
]
