/// A type of SQL as a header writes it: `text`, `text?` (nullable), `uuid[]`, `uuid?[]` (of nullable elements).
struct SQLType {
    let written: String
    let swift: String
    let isNullable: Bool

    /// Source: `Postgres`, which encodes and decodes exactly these.
    private static let swiftTypes = [
        "smallint": "Int16", "integer": "Int32", "bigint": "Int64", "double": "Double", "boolean": "Bool",
        "text": "String", "bytea": "Bytes", "uuid": "UUID", "timestamptz": "Timestamp", "json": "JSONText",
        "jsonb": "JSONText",
    ]

    /// Nil for a type that has no Swift form.
    init?(_ written: String) {
        self.written = written
        var name = Substring(written)
        isNullable = name.hasSuffix("?")
        if isNullable { name = name.dropLast() }
        let isArray = name.hasSuffix("[]")
        if isArray { name = name.dropLast(2) }
        let hasNulls = isArray && name.hasSuffix("?")
        if hasNulls { name = name.dropLast() }
        guard let type = Self.swiftTypes[String(name)] else { return nil }
        let element = type + (hasNulls ? "?" : "")
        swift = (isArray ? "[\(element)]" : element) + (isNullable ? "?" : "")
    }
}
