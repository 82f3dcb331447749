import CLibPQ

/// One row of a result, valid only where it is handed over.
public struct Row: ~Copyable {
    let result: OpaquePointer
    let index: Int32
    let query: String

    /// The value of a column that is never null.
    public subscript<Value: PostgresDecodable>(_ column: Int32) -> Value {
        get throws(PostgresError) {
            guard let value: Value = try self[optional: column] else {
                throw .misuse(query: query, reason: "column \(name(column)) is null")
            }
            return value
        }
    }

    /// The value of a column, nil where it is null.
    public subscript<Value: PostgresDecodable>(optional column: Int32) -> Value? {
        get throws(PostgresError) {
            guard PQgetisnull(result, index, column) == 0 else { return nil }
            let bytes = UnsafeRawBufferPointer(
                start: PQgetvalue(result, index, column), count: Int(PQgetlength(result, index, column)))
            let type = PQftype(result, column)
            guard Value.reads(type) else {
                throw .misuse(query: query, reason: "column \(name(column)) of type \(type) is no \(Value.self)")
            }
            do {
                return try Value(binary: bytes, type: type)
            } catch {
                throw .misuse(query: query, reason: "column \(name(column)): \(error.reason)")
            }
        }
    }

    private func name(_ column: Int32) -> String {
        PQfname(result, column).map { String(cString: $0) } ?? "\(column)"
    }
}
