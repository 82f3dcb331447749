import DatabaseTesting
import FoundationEssentials
import Postgres
import Testing

@Suite(.database) struct ArrayTests {
    private func expect<Value: PostgresEncodable & PostgresDecodable & Sendable & Hashable>(
        _ values: [Value], is text: String, of type: String, on connection: Connection,
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let written = try await connection.value("SELECT $1::\(type)[]::text", Bindings(of: values), as: String.self)
        #expect(written == text, sourceLocation: location)
        let read = try await connection.value("SELECT $1::text::\(type)[]", Bindings(of: text), as: [Value].self)
        #expect(read == values, sourceLocation: location)
    }

    @Test("Arrays of every type that can be bound keep their elements: none, one, several")
    func everyType() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await expect([Int16](), is: "{}", of: "int2", on: connection)
        try await expect([Int16.min, 0, .max], is: "{-32768,0,32767}", of: "int2", on: connection)
        try await expect([Int32(7)], is: "{7}", of: "int4", on: connection)
        try await expect([Int64](), is: "{}", of: "int8", on: connection)
        try await expect([Int64.min, -1], is: "{-9223372036854775808,-1}", of: "int8", on: connection)
        try await expect([0.5, -1], is: "{0.5,-1}", of: "float8", on: connection)
        try await expect([true, false, true], is: "{t,f,t}", of: "bool", on: connection)
        try await expect([String](), is: "{}", of: "text", on: connection)
        try await expect([""], is: "{\"\"}", of: "text", on: connection)
        try await expect(
            ["a", "NULL", "b,c", "\"\\", "é"], is: "{a,\"NULL\",\"b,c\",\"\\\"\\\\\",é}", of: "text", on: connection)
        try await expect([Bytes([]), Bytes([0, 255])], is: "{\"\\\\x\",\"\\\\x00ff\"}", of: "bytea", on: connection)
        let id = try #require(UUID(uuidString: "919108f7-52d1-4320-9bac-f847db4148a8"))
        try await expect([id], is: "{919108f7-52d1-4320-9bac-f847db4148a8}", of: "uuid", on: connection)
        try await expect(
            [Timestamp(microseconds: 0)], is: "{\"1970-01-01 00:00:00+00\"}", of: "timestamptz", on: connection)
        try await expect(
            [JSONText(Array("{}".utf8)), JSONText(Array("1".utf8))], is: "{\"{}\",1}", of: "json", on: connection)
    }

    @Test("Arrays are bound with their null elements, be they all or none")
    func nullElements() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        for (values, text) in [
            (["a", nil, ""], "{a,NULL,\"\"}"), ([nil, nil], "{NULL,NULL}"), (["a"], "{a}"), ([], "{}"),
        ] as [([String?], String)] {
            var bindings = Bindings()
            bindings.append(values)
            #expect(try await connection.value("SELECT $1::text[]::text", bindings, as: String.self) == text)
        }
    }

    @Test("Elements of an array of binary JSON are JSON texts")
    func binaryJSON() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let read = try await connection.value("SELECT ARRAY['{\"a\":1}', '2']::jsonb[]", as: [JSONText].self)
        #expect(read.map { String(decoding: $0.bytes, as: UTF8.self) } == ["{\"a\": 1}", "2"])
    }

    @Test("An array of many thousand elements keeps them in order")
    func manyElements() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let numbers = (0..<50_000).map { Int64($0) * 3 - 70_000 }
        let back = try await connection.values(
            "SELECT n FROM unnest($1::int8[]) WITH ORDINALITY AS u (n, i) ORDER BY i", Bindings(of: numbers),
            as: Int64.self)
        #expect(back == numbers)
        #expect(try await connection.value("SELECT $1::int8[]", Bindings(of: numbers)) == numbers)
    }

    @Test("An array that does not begin at one is read from its first element")
    func lowerBound() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        #expect(try await connection.value("SELECT '[5:7]={1,2,3}'::int4[]") == [Int32(1), 2, 3])
    }

    @Test(
        "An array that has no Swift form is a misuse that names its column",
        arguments: ["ARRAY[1,NULL]::int4[]", "ARRAY[[1,2],[3,4]]::int4[]"])
    func noForm(expression: String) async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.value("SELECT \(expression) AS numbers", as: [Int32].self)
        }
        #expect(error?.kind == .misuse)
        #expect(error?.description.contains("numbers") == true)
        #expect(try await connection.value("SELECT 1") == Int64(1))
    }

    @Test("Bytes that are no array are refused whatever they hold, and never crash")
    func anyBytes() {
        for seed in UInt64(0)..<2_000 {
            var random = SplitMix(seed: seed)
            var bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8.random(in: 0...3, using: &random)
            }
            // Mostly one dimension of few elements, so that the elements are reached.
            if bytes.count >= 20, seed % 4 != 0 {
                bytes.replaceSubrange(0..<20, with: [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 9, 0, 0, 0, 1])
            }
            let read = bytes.withUnsafeBytes { try? [String](binary: $0, type: 1009) }
            // Nine elements need four bytes each, at least, after the twenty of the head.
            if bytes.count < 56, bytes.count >= 20, seed % 4 != 0 { #expect(read == nil, "seed \(seed)") }
            if bytes.count < 12 { #expect(read == nil, "seed \(seed)") }
        }
    }
}
