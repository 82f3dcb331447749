import DatabaseTesting
import FoundationEssentials
import Postgres
import Testing

/// What a program expects of a column, against what the column is.
@Suite(.database) struct WrongTypeTests {
    /// A value of each type that has a Swift form, as SQL.
    private static let columns = [
        "int2": "1::int2", "int4": "1::int4", "int8": "1::int8", "float8": "1::float8", "bool": "true",
        "text": "'sixteen letters.'::text", "bytea": "'\\x000000000000000000000000'::bytea",
        "uuid": "'00000000-0000-0000-0000-000000000000'::uuid", "timestamptz": "'2020-01-01'::timestamptz",
        "json": "'1'::json", "int8[]": "ARRAY[1]::int8[]", "text[]": "ARRAY['a']",
    ]

    /// Expects a misuse for each column whose type is not among `fitting`, and a value for each that is.
    private func expect<Value: PostgresDecodable & Sendable>(
        _: Value.Type, fits fitting: Set<String>, ignoring ignored: Set<String> = []
    ) async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        for (type, expression) in Self.columns where !ignored.contains(type) {
            do {
                _ = try await connection.value("SELECT \(expression) AS told", as: Value.self)
                #expect(fitting.contains(type), "\(type) was read as \(Value.self)")
            } catch let error as PostgresError {
                #expect(!fitting.contains(type), "\(type) was not read as \(Value.self): \(error)")
                #expect(error.kind == .misuse, "\(type) as \(Value.self): \(error)")
                #expect(error.description.contains("told") && error.description.contains("asked/value"))
            }
        }
    }

    @Test("An integer is read from integer columns only")
    func integers() async throws {
        try await expect(Int16.self, fits: ["int2", "int4", "int8"])
        try await expect(Int32.self, fits: ["int2", "int4", "int8"])
        try await expect(Int64.self, fits: ["int2", "int4", "int8"])
    }

    @Test("A floating-point number is read from floating-point columns only")
    func doubles() async throws { try await expect(Double.self, fits: ["float8"]) }

    @Test("A boolean is read from boolean columns only")
    func booleans() async throws { try await expect(Bool.self, fits: ["bool"]) }

    // JSON is text as well.
    @Test("Text is read from text columns only")
    func text() async throws { try await expect(String.self, fits: ["text"], ignoring: ["json"]) }

    // The bytes of a text are what a reader of bytes may want.
    @Test("Bytes are read from columns of bytes only")
    func bytes() async throws { try await expect(Bytes.self, fits: ["bytea"], ignoring: ["text", "json"]) }

    @Test("A UUID is read from UUID columns only")
    func uuids() async throws { try await expect(UUID.self, fits: ["uuid"]) }

    @Test("A moment is read from columns of moments only")
    func timestamps() async throws { try await expect(Timestamp.self, fits: ["timestamptz"]) }

    @Test("JSON is read from JSON columns only")
    func json() async throws { try await expect(JSONText.self, fits: ["json"], ignoring: ["text"]) }

    @Test("An array is read from columns of arrays of its elements only")
    func arrays() async throws {
        try await expect([Int64].self, fits: ["int8[]"])
        try await expect([String].self, fits: ["text[]"])
    }

    @Test("Text is read from every type that is text", arguments: ["varchar(20)", "char(4)", "name", "text"])
    func kindsOfText(type: String) async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        #expect(try await connection.value("SELECT 'word'::\(type)") == "word")
    }

    @Test("A number too large for the type that it is read as is a misuse, not another number")
    func tooLarge() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        for sql in ["SELECT 32768::int4", "SELECT -32769::int8", "SELECT 9223372036854775807"] {
            let error = await #expect(throws: PostgresError.self) { try await connection.value(sql, as: Int16.self) }
            #expect(error?.kind == .misuse)
        }
        #expect(try await connection.value("SELECT (-32768)::int8") == Int16.min)
    }

    @Test("Null in a column that is never null is a misuse that names the query and the column")
    func null() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.value("SELECT NULL::text AS told", as: String.self)
        }
        #expect(error?.kind == .misuse)
        #expect(error?.description.contains("told") == true)
        #expect(error?.description.contains("asked/value") == true)
        #expect(try await connection.value("SELECT 1") == Int64(1))
    }

    @Test("Null in an optional column is nil, and only null is")
    func optional() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let query = Query(
            statement: Statement(name: "asked/optional", sql: "VALUES (NULL::text), (''), ('x')")
        ) { row throws(PostgresError) -> String? in try row[optional: 0] }
        #expect(try await connection.run { try $0.fetchAll(query) } == [nil, "", "x"])
    }

    @Test("The values of an error's row never travel in a misuse")
    func values() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.value("SELECT 's3cret-7f2c'::text AS told", as: Int64.self)
        }
        #expect(!everythingSaid(by: try #require(error)).contains("s3cret"))
    }
}
