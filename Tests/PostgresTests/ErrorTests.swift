import DatabaseTesting
import Postgres
import Testing

/// What an error says, and what it never says.
@Suite(.database) struct ErrorTests {
    private static let secret = "s3cret-7f2c"

    private static let tables = """
        CREATE TABLE parents (word text PRIMARY KEY);
        CREATE TABLE kept (
            word text PRIMARY KEY CHECK (word <> ''), n int4, note text NOT NULL DEFAULT '', parent text
            REFERENCES parents, short varchar(3), CONSTRAINT known CHECK (note NOT LIKE 's3cret%')
        );
        INSERT INTO kept (word) VALUES ('s3cret-7f2c');
        CREATE FUNCTION same(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN $1; END$$;
        """

    // Source: PostgreSQL documentation, appendix A.
    @Test(
        "An error carries the server's code and the query's name, and no value that was sent",
        arguments: [
            ("INSERT INTO kept (word) VALUES ($1)", "23505"),
            ("INSERT INTO kept (word, note) VALUES ('a', $1)", "23514"),
            ("INSERT INTO kept (word, parent) VALUES ('a', $1)", "23503"),
            ("INSERT INTO kept (word, note) VALUES ($1 || 'a', NULL)", "23502"),
            ("INSERT INTO kept (word, short) VALUES ('a', $1)", "22001"),
            ("UPDATE kept SET n = $1::text::int4", "22P02"),
            ("SELECT $1::text::timestamptz", "22007"),
            ("SELECT $1::text::uuid", "22P02"),
            ("SELECT $1::text::json", "22P02"),
            ("SELECT $1::text::inet", "22P02"),
            ("SELECT ('{' || $1)::text[]", "22P02"),
            ("SELECT 'a' ~ ('(' || $1)", "2201B"),
            ("SELECT now() AT TIME ZONE $1", "22023"),
            ("SELECT to_timestamp($1, 'YYYY')", "22007"),
            ("SELECT encode('', $1)", "22023"),
            ("SELECT convert_to('', $1)", "22023"),
            ("SELECT jsonb_path_query('{}', $1::text::jsonpath)", "42601"),
            ("SELECT $1::text::regclass", "42P01"),
            ("SELECT $1::text::regtype", "42601"),
            ("SELECT quote_ident($1)::regtype", "42704"),
            ("SELECT $1::text::regrole", "42704"),
            ("SELECT $1::text::regnamespace", "3F000"),
            ("SELECT nextval($1)", "42P01"),
            ("SELECT set_config($1, '1', false)", "42704"),
            ("SELECT to_tsvector($1::text::regconfig, 'a')", "42704"),
            ("SELECT pg_read_file($1)", "58P01"),
        ])
    func secretValues(sql: String, sqlState: String) async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command(Self.tables)
        let command = Command.asked(sql, Bindings(of: Self.secret), named: "asked/secret")
        let error = try #require(
            await #expect(throws: PostgresError.self) { try await connection.run { try $0.execute(command) } })
        #expect(error.kind == .refused)
        #expect(error.sqlState == sqlState, "\(error)")
        #expect(error.description.contains("asked/secret"))
        #expect(error.description.contains(sqlState))
        #expect(!everythingSaid(by: error).contains("s3cret"))
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }

    @Test("Values of a COPY are not in its error, either")
    func secretCopy() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command(Self.tables)
        for sql in ["COPY kept (word) FROM STDIN", "COPY kept (n) FROM STDIN"] {
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run { connection in
                    try connection.copyIn(Copy(statement: Statement(name: "asked/copy", sql: sql))) { connection in
                        try Array((Self.secret + "\n").utf8).withUnsafeBytes { try connection.copyData($0) }
                    }
                }
            }
            #expect(!everythingSaid(by: try #require(error)).contains("s3cret"))
        }
    }

    @Test("Literals of a statement without a name are not in its error")
    func secretLiteral() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command(Self.tables)
        let sql = "INSERT INTO kept (word) VALUES ('\(Self.secret)')"
        let error = await #expect(throws: PostgresError.self) { try await connection.command(sql) }
        #expect(error?.sqlState == "23505")
        #expect(!everythingSaid(by: try #require(error)).contains("s3cret"))
    }

    @Test("A broken constraint is named, so that the caller can act on it")
    func constraint() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command(Self.tables)
        let insert = Command.asked("INSERT INTO kept (word, note) VALUES ('a', $1)", Bindings(of: Self.secret))
        let error = await #expect(throws: PostgresError.self) { try await connection.run { try $0.execute(insert) } }
        #expect(error?.description.contains("known") == true)
        #expect(error?.description.contains("kept") == true)
    }

    @Test("A mistake in a statement is told as the server tells it")
    func mistake() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.value("SELECT nothing_of_that_name", as: Int32.self)
        }
        #expect(error?.sqlState == "42703")
        #expect(error?.description.contains("nothing_of_that_name") == true)
    }

    @Test("A parameter of more than the protocol allows is an error of the program, not a lost connection")
    func tooMany() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        var bindings = Bindings()
        // Source: PostgreSQL protocol, Bind: the number of parameters is an Int16, read without sign.
        for number in 0..<65_536 { bindings.append(Int32(number)) }
        let list = (1...65_536).map { "$\($0)" }.joined(separator: ",")
        let error = await #expect(throws: PostgresError.self) {
            try await connection.value("SELECT count(*) FROM (VALUES (\(list))) AS x", bindings, as: Int64.self)
        }
        #expect(error?.kind == .misuse || error?.kind == .refused, "\(String(describing: error?.kind))")
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }
}
