import DatabaseTesting
import FoundationEssentials
import Postgres
import Testing

/// Each value beside PostgreSQL's own text for it.
@Suite(.database) struct RoundTripTests {
    /// Expects that the server reads the value as `text`, and that it is read back out of what the server makes of
    /// `text`.
    private func expect<Value: PostgresEncodable & PostgresDecodable & Sendable & Hashable>(
        _ value: Value, is text: String, of type: String, on connection: Connection,
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let written = try await connection.value("SELECT $1::\(type)::text", Bindings(of: value), as: String.self)
        #expect(written == text, sourceLocation: location)
        let read = try await connection.value("SELECT $1::text::\(type)", Bindings(of: text), as: Value.self)
        #expect(read == value, sourceLocation: location)
        let back = try await connection.value("SELECT $1::\(type)", Bindings(of: value), as: Value.self)
        #expect(back == value, sourceLocation: location)
    }

    @Test("Integers of each width keep their value up to their limits")
    func integers() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        for value in [Int16.min, -256, -1, 0, 1, 255, 256, .max] {
            try await expect(value, is: String(value), of: "int2", on: connection)
        }
        for value in [Int32.min, -65_536, -1, 0, 1, 65_535, 65_536, .max] {
            try await expect(value, is: String(value), of: "int4", on: connection)
        }
        for value in [Int64.min, -4_294_967_296, -1, 0, 1, 4_294_967_295, 4_294_967_296, .max] {
            try await expect(value, is: String(value), of: "int8", on: connection)
        }
    }

    @Test("Booleans are true and false")
    func booleans() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await expect(true, is: "true", of: "bool", on: connection)
        try await expect(false, is: "false", of: "bool", on: connection)
    }

    @Test("Floating-point numbers keep every bit, infinities and the sign of zero included")
    func doubles() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        // Source: IEEE 754, binary64; PostgreSQL documentation, "Floating-Point Types", shortest exact output.
        let cases: [(Double, String)] = [
            (0, "0"), (1, "1"), (0.1, "0.1"), (-2.5, "-2.5"), (.leastNonzeroMagnitude, "5e-324"), (1e300, "1e+300"),
            (1.7976931348623157e308, "1.7976931348623157e+308"), (.infinity, "Infinity"), (-.infinity, "-Infinity"),
        ]
        for (value, text) in cases { try await expect(value, is: text, of: "float8", on: connection) }
        #expect(try await connection.value("SELECT $1::float8::text", Bindings(of: -0.0)) == "-0")
        #expect(try await connection.value("SELECT $1::float8::text", Bindings(of: Double.nan)) == "NaN")
        #expect(try await connection.value("SELECT 'NaN'::float8", as: Double.self).isNaN)
        #expect(try await connection.value("SELECT 0.5::float4", as: Double.self) == 0.5)
    }

    @Test(
        "Text of any script and length keeps every character",
        arguments: [
            "", " ", "a", "naïve", "e\u{301}", "日本語", "👩‍👩‍👧", "it's \"quoted\" \\ $1 %s\n\t", "\u{FEFF}x\u{10FFFF}",
        ])
    func text(_ value: String) async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let back = try await connection.value("SELECT $1::text", Bindings(of: value), as: String.self)
        // By bytes: equivalent characters are equal as strings.
        #expect(Array(back.utf8) == Array(value.utf8))
        let length = try await connection.value("SELECT octet_length($1::text)", Bindings(of: value), as: Int64.self)
        #expect(length == Int64(value.utf8.count))
    }

    @Test("Text of several megabytes goes in and comes back")
    func longText() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let value = String(repeating: "0123456789abcdé", count: 300_000)
        let back = try await connection.value("SELECT $1::text", Bindings(of: value), as: String.self)
        #expect(back == value)
    }

    @Test("Text with a zero byte, which PostgreSQL cannot keep, is refused and the connection goes on")
    func zeroByte() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.value("SELECT $1::text", Bindings(of: "a\u{0}b"), as: String.self)
        }
        // Source: PostgreSQL documentation, appendix A: character_not_in_repertoire.
        #expect(error?.sqlState == "22021")
        #expect(try await connection.value("SELECT 1") == Int64(1))
    }

    @Test("Bytes of every value keep their value and order")
    func bytes() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let digits = Array("0123456789abcdef")
        let hex = (0..<256).map { "\(digits[$0 / 16])\(digits[$0 % 16])" }.joined()
        try await expect(Bytes((0...255).map { UInt8($0) }), is: "\\x" + hex, of: "bytea", on: connection)
        try await expect(Bytes([0]), is: "\\x00", of: "bytea", on: connection)
        try await expect(Bytes([]), is: "\\x", of: "bytea", on: connection)
    }

    @Test("An empty parameter is empty and not null", arguments: [0, 1, 2])
    func empty(position: Int) async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        // Alone in the statement and among others, because its place in memory differs.
        var bindings = Bindings()
        var conditions: [String] = []
        for index in 0...position {
            if index == position {
                bindings.append("")
            } else {
                bindings.append(Bytes([]))
            }
            conditions.append("octet_length($\(index + 1)) = 0 AND $\(index + 1) IS NOT NULL")
        }
        #expect(try await connection.value("SELECT \(conditions.joined(separator: " AND "))", bindings) == true)
    }

    @Test("A null parameter is null, whatever stands around it")
    func nullParameters() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        var bindings = Bindings()
        bindings.append("")
        bindings.append(String?.none)
        bindings.append(Int32?(7))
        bindings.append(Bytes?.none)
        bindings.append([Int64]?.none)
        let sql = "SELECT $1 = '' AND $2::text IS NULL AND $3 = 7 AND $4::bytea IS NULL AND $5::int8[] IS NULL"
        #expect(try await connection.value(sql, bindings) == true)
    }

    @Test("A UUID keeps its bytes in their order")
    func uuids() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        // Source: RFC 9562, appendix A.2.
        for text in [
            "919108f7-52d1-4320-9bac-f847db4148a8", "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff", "00112233-4455-6677-8899-aabbccddeeff",
        ] {
            try await expect(try #require(UUID(uuidString: text)), is: text, of: "uuid", on: connection)
        }
    }

    @Test("JSON keeps its text, binary JSON has PostgreSQL's")
    func json() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        func read(_ sql: String, _ text: String) async throws -> String {
            let value = JSONText(Array(text.utf8))
            let back = try await connection.value(sql, Bindings(of: value), as: JSONText.self)
            return String(decoding: back.bytes, as: UTF8.self)
        }
        for text in ["{\"b\" : 1,  \"a\":[1.50]}", "null", "\"é\"", "[]", " 12 "] {
            #expect(try await read("SELECT $1::json", text) == text)
        }
        // Source: PostgreSQL documentation, "JSON Types": shorter keys first, then by bytes; the last duplicate stays.
        #expect(
            try await read("SELECT $1::jsonb", "{\"bb\":1,\"c\":2,\"a\":[1.50,{}],\"c\":3}")
                == "{\"a\": [1.50, {}], \"c\": 3, \"bb\": 1}")
        #expect(try await read("SELECT $1::jsonb", "null") == "null")
        try await connection.command("CREATE TABLE kept (body jsonb)")
        let inserted = try await connection.run {
            try $0.execute(.asked("INSERT INTO kept VALUES ($1)", Bindings(of: JSONText(Array("{\"a\":1}".utf8)))))
        }
        #expect(inserted == 1)
        #expect(try await connection.value("SELECT body->>'a' FROM kept") == "1")
    }
}
