/// The parameters of one statement, laid out once in PostgreSQL's binary form.
public struct Bindings: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Where each begins in `bytes`; -1 for null.
    private(set) var offsets: [Int] = []
    private(set) var lengths: [Int32] = []
    private(set) var types: [OID] = []

    public init() {}
    public var count: Int { offsets.count }

    /// Appends the next parameter.
    public mutating func append<Value: PostgresEncodable>(_ value: Value) {
        let start = bytes.count
        value.encode(into: &bytes)
        offsets.append(start)
        lengths.append(Int32(clamping: bytes.count - start))
        types.append(Value.oid)
    }

    /// Appends the next parameter, null where there is no value.
    public mutating func append<Value: PostgresEncodable>(_ value: Value?) {
        if let value {
            append(value)
        } else {
            offsets.append(-1)
            lengths.append(0)
            types.append(Value.oid)
        }
    }

    /// Appends the next parameter, an array in which there may be nulls.
    public mutating func append<Value: PostgresEncodable>(_ values: [Value?]) {
        let start = bytes.count
        [Value?].encode(values, hasNulls: values.contains { $0 == nil }, into: &bytes)
        offsets.append(start)
        lengths.append(Int32(clamping: bytes.count - start))
        types.append(Value.arrayOID)
    }

    /// Calls `body` with the arrays that libpq takes: values, lengths, formats (all binary).
    func withPointers<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
    ) -> Result {
        bytes.withUnsafeBytes { base in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count + 1) { values in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: count + 1) { formats in
                    // libpq reads a null pointer as NULL, and an empty array may have no address.
                    let start = base.baseAddress ?? UnsafeRawPointer(formats.baseAddress!)
                    for index in 0..<count {
                        values[index] =
                            offsets[index] < 0
                            ? nil : (start + offsets[index]).assumingMemoryBound(to: CChar.self)
                        formats[index] = 1
                    }
                    return lengths.withUnsafeBufferPointer {
                        body(values.baseAddress, $0.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}
