import DatabaseTesting
import FoundationEssentials
import Postgres
import Testing

@Suite(.database) struct CopyTests {
    private func copy(_ sql: String) -> Copy { Copy(statement: Statement(name: "asked/copy", sql: sql, kind: .copyIn)) }

    /// All bytes that a COPY gives, and how many rows it says they are.
    private func copied(_ sql: String, from connection: Connection) async throws -> (bytes: [UInt8], rows: Int) {
        let copy = copy(sql)
        return try await connection.run { connection in
            var bytes: [UInt8] = []
            let rows = try await connection.copyOut(copy) { bytes += $0 }
            return (bytes, rows)
        }
    }

    @Test("Values of every type, and nulls, go in by binary COPY as they are")
    func everyType() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command(
            """
            CREATE TABLE kept (small int2, middle int4, large int8, real float8, yes bool, words text, raw bytea,
                id uuid, at timestamptz, body json, list int8[], names text[], none text)
            """)
        let id = try #require(UUID(uuidString: "919108f7-52d1-4320-9bac-f847db4148a8"))
        let copy = copy("COPY kept FROM STDIN (FORMAT binary)")
        let rows = try await connection.run { connection in
            try connection.copyIn(copy) { connection in
                var rows = CopyWriter()
                rows.beginRow(fields: 13)
                rows.append(Int16.min)
                rows.append(Int32.max)
                rows.append(Int64.min)
                rows.append(-0.25)
                rows.append(true)
                rows.append("é\tx")
                rows.append(Bytes([0, 255]))
                rows.append(id)
                rows.append(Timestamp(microseconds: 482_196_050_520_000))
                rows.append(JSONText(Array("{ }".utf8)))
                rows.append([Int64(1), 2])
                rows.append([String]())
                rows.append(String?.none)
                rows.beginRow(fields: 13)
                for _ in 0..<5 { rows.append(Int64?.none) }
                rows.append("")
                rows.append(bytes: [])
                for _ in 0..<6 { rows.append(String?.none) }
                try connection.copyData(&rows)
                #expect(rows.count == 0)
            }
        }
        #expect(rows == 2)
        // Source: PostgreSQL's text form of each value; \N is not used by row_to_json, null is.
        #expect(
            try await connection.values("SELECT kept::text FROM kept ORDER BY small NULLS LAST") == [
                #"(-32768,2147483647,-9223372036854775808,-0.25,t,"é\#tx","\\x00ff",919108f7-52d1-4320-9bac-f847db4148a8,"#
                    + #""1985-04-12 23:20:50.52+00","{ }","{1,2}",{},)"#,
                #"(,,,,,"","\\x",,,,,,)"#,
            ])
    }

    @Test("A binary COPY comes out as PostgreSQL documents it")
    func out() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let sql = "COPY (VALUES (258::int2, 'ab'::text), (NULL, '')) TO STDOUT (FORMAT binary)"
        let (bytes, rows) = try await copied(sql, from: connection)
        #expect(rows == 2)
        // Source: PostgreSQL documentation, COPY, "Binary Format": signature, flags, extension; tuples; trailer.
        let signature: [UInt8] = [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00]
        let first: [UInt8] = [0, 2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 2, 0x61, 0x62]
        let second: [UInt8] = [0, 2, 255, 255, 255, 255, 0, 0, 0, 0]
        #expect(bytes == signature + [0, 0, 0, 0, 0, 0, 0, 0] + first + second + [255, 255])
    }

    @Test("A COPY in text form comes out a row at a time")
    func textOut() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let copy = copy("COPY (SELECT generate_series(1, 3)) TO STDOUT")
        let rows = try await connection.run { connection in
            var rows: [String] = []
            try await connection.copyOut(copy) { rows.append(String(decoding: $0, as: UTF8.self)) }
            return rows
        }
        #expect(rows == ["1\n", "2\n", "3\n"])
    }

    @Test("A hundred thousand rows sent in many parts go in whole, and come out as they went in")
    func manyRows() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command("CREATE TABLE kept (n int8, words text); CREATE TABLE again (LIKE kept)")
        let copy = copy("COPY kept FROM STDIN (FORMAT binary)")
        let count = try await connection.run { connection in
            try connection.copyIn(copy) { connection in
                var rows = CopyWriter(reserving: 4_096)
                for number in Int64(0)..<100_000 {
                    rows.beginRow(fields: 2)
                    rows.append(number)
                    rows.append(number % 7 == 0 ? nil : "row \(number)")
                    if rows.count > 4_000 { try connection.copyData(&rows) }
                }
                try connection.copyData(&rows)
            }
        }
        #expect(count == 100_000)
        let differing = """
            SELECT count(*) FROM generate_series(0, 99999) AS made
            FULL JOIN kept ON kept.n = made
            WHERE made IS NULL OR n IS NULL
                OR words IS DISTINCT FROM CASE WHEN made % 7 <> 0 THEN 'row ' || made END
            """
        #expect(try await connection.value(differing) == Int64(0))
        let (bytes, rows) = try await copied("COPY kept TO STDOUT (FORMAT binary)", from: connection)
        #expect(rows == 100_000)
        let into = self.copy("COPY again FROM STDIN (FORMAT binary)")
        let back = try await connection.run { connection in
            try connection.copyIn(into) { connection in
                // Cut anywhere: the parts need not be rows.
                for start in stride(from: 0, to: bytes.count, by: 7_919) {
                    try bytes[start..<min(start + 7_919, bytes.count)].withUnsafeBytes { try connection.copyData($0) }
                }
            }
        }
        #expect(back == 100_000)
        #expect(try await connection.value("SELECT count(*) FROM (TABLE kept EXCEPT ALL TABLE again) AS x") == Int64(0))
    }

    @Test("A COPY of no rows copies none")
    func noRows() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command("CREATE TABLE kept (n int8)")
        let (bytes, out) = try await copied("COPY kept TO STDOUT (FORMAT binary)", from: connection)
        #expect(out == 0)
        #expect(bytes.count == 21)
        let copy = copy("COPY kept FROM STDIN (FORMAT binary)")
        let count = try await connection.run { connection in
            try connection.copyIn(copy) { connection in
                var rows = CopyWriter()
                try connection.copyData(&rows)
            }
        }
        #expect(count == 0)
    }
}
