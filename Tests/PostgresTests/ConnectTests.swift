import DatabaseTesting
import Postgres
import Testing

@Suite(.database) struct ConnectTests {
    @Test(
        "A server that is not there is unavailable, and so is one that a broken URL names",
        arguments: [
            "host='/nowhere' dbname=none", "postgresql://127.0.0.1:1/none", "postgres://127.0.0.1:1,127.0.0.1:2/none",
            "nonsense=1", "postgresql://[broken", "host=127.0.0.1 port=abc", "postgresql://127.0.0.1:99999/none",
            "service=nobody_knows_it",
        ])
    func unavailable(url: String) async {
        let error = await #expect(throws: PostgresError.self) { try await Connection.open(url) }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("\n") == false)
    }

    @Test("A database or a user that is not there is unavailable")
    func notLetIn() async throws {
        for addition in ["dbname=nothing_of_that_name", "user=nobody_of_that_name"] {
            let error = await #expect(throws: PostgresError.self) {
                try await Connection.open(DatabaseTrait.url + " " + addition)
            }
            #expect(error?.kind == .unavailable)
        }
    }

    @Test(
        "The password of a URL is never told, however broken the URL is",
        arguments: [
            "postgresql://user:s3cret-7f2c@127.0.0.1:1/none", "postgresql://user:s3cret-7f2c@[broken",
            "postgresql://user:s3cret-7f2c@[::1]x/none", "postgresql://user:pass%zzs3cret@127.0.0.1:1/none",
            "host=127.0.0.1 port=1 password=two s3cret", "host=127.0.0.1 port=1 password='s3cret",
            "postgresql://user:s3cret-7f2c@127.0.0.1:port/none", "postgresql://user@127.0.0.1:1/none?password=%zs3cret",
        ])
    func password(url: String) async throws {
        let error = await #expect(throws: PostgresError.self) { try await Connection.open(url) }
        #expect(error?.kind == .unavailable)
        #expect(!everythingSaid(by: try #require(error)).contains("s3cret"))
    }

    @Test("Of several hosts the one that answers is used, wherever it stands")
    func severalHosts() async throws {
        let url = DatabaseTrait.url
        let start = try #require(url.firstRange(of: "host='"))
        let end = try #require(url[start.upperBound...].firstIndex(of: "'"))
        let host = url[start.upperBound..<end]
        for hosts in ["/nowhere,\(host)", "\(host),/nowhere", "/nowhere,/elsewhere,\(host)", "127.0.0.1,\(host)"] {
            let ports = hosts.split(separator: ",").map { $0 == "127.0.0.1" ? "1" : "5432" }.joined(separator: ",")
            let several = url[..<start.upperBound] + hosts + url[end...] + " port=\(ports)"
            let connection = try await Connection.open(String(several))
            #expect(try await connection.value("SELECT 1") == Int32(1))
        }
    }

    @Test("A pool of several hosts uses the one that answers")
    func severalHostsOfAPool() async throws {
        let url = DatabaseTrait.url.replacing("host='", with: "host='/nowhere,")
        let pool = Pool(url: url, limit: 2)
        #expect(try await pool.fetchOne(.asked("SELECT 1")) == Int32(1))
    }

    @Test("What is to be set up holds before anything else, and its refusal is told")
    func setup() async throws {
        let connection = try await Connection.open(
            DatabaseTrait.url,
            setup: ["CREATE ROLE reader_\(DatabaseTrait.name)", "SET ROLE reader_\(DatabaseTrait.name)"])
        #expect(try await connection.value("SELECT current_user::text") == "reader_\(DatabaseTrait.name)")
        try await connection.command("RESET ROLE; DROP ROLE reader_\(DatabaseTrait.name)")
        let error = await #expect(throws: PostgresError.self) {
            try await Connection.open(DatabaseTrait.url, setup: ["SELECT 1", "SELECT nothing"])
        }
        #expect(error?.sqlState == "42703")
    }

    @Test("Text is UTF-8 whatever the URL or the database asks for")
    func encoding() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command("ALTER DATABASE \(DatabaseTrait.name) SET client_encoding = 'LATIN1'")
        let other = try await Connection.open(DatabaseTrait.url)
        #expect(try await other.value("SELECT 'é' || $1", Bindings(of: "日")) == "é日")
        #expect(try await other.value("SHOW client_encoding") == "UTF8")
    }

    @Test("A connection that is closed waits for its user, and is unavailable to those who come after")
    func closed() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let observer = try await Connection.open(DatabaseTrait.url)
        let gate = Gate()
        let user = Task {
            try await connection.run { connection in
                await gate.pass()
                return try connection.fetchOne(Query<Int32>.asked("SELECT 1"))
            }
        }
        try await wait(for: "the user to have the connection") { gate.arrived == 1 }
        let closing = Task { await connection.close() }
        gate.open()
        #expect(try await user.value == 1)
        await closing.value
        #expect(await connection.isUsable == false)
        try await waitForSessions(0, seenBy: observer)
        let error = await #expect(throws: PostgresError.self) { try await connection.command("SELECT 1") }
        #expect(error?.kind == .unavailable)
        await #expect(throws: PostgresError.self) { try await connection.transaction { _ in } }
        await connection.close()
    }

    @Test("A connection that nobody holds any more ends its session")
    func dropped() async throws {
        let observer = try await Connection.open(DatabaseTrait.url)
        for _ in 0..<30 {
            let connection = try await Connection.open(DatabaseTrait.url)
            #expect(try await connection.value("SELECT 1") == Int32(1))
        }
        try await waitForSessions(0, seenBy: observer)
    }
}
