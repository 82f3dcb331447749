import DatabaseTesting
import EmbeddedPostgres
import Foundation
import Postgres
import Testing

@Suite struct StartTests {
    @Test("A PostgreSQL is made and started where there is none, reached by its socket only, and stopped")
    func startAndStop() async throws {
        let folder = try Folder()
        let directory = folder.path + "/not/there/yet"
        let server = try await EmbeddedPostgres.start(directory: directory)
        #expect(server.directory == directory)
        #expect(isRunning(server.processID))
        #expect(try await number("SELECT 6 * 7::int8", at: server.url()) == 42)
        #expect(
            try await number(
                "SELECT count(*) FROM pg_settings WHERE name = 'listen_addresses' AND setting = ''",
                at: server.url()) == 1)
        #expect(
            try await number(
                "SELECT count(*) FROM pg_user WHERE usename = '\(EmbeddedPostgres.user)' AND usesuper",
                at: server.url(database: "template1")) == 1)
        #expect(
            try await number(
                "SELECT count(*) FROM pg_settings WHERE name = 'fsync' AND setting = 'on'",
                at: server.url()) == 1)
        #expect(
            try await number(
                """
                SELECT count(*) FROM pg_settings WHERE name = 'wal_compression'
                    AND setting = CASE WHEN 'lz4' = ANY (enumvals) THEN 'lz4' ELSE 'off' END
                """, at: server.url()) == 1)
        await server.stop()
        #expect(!isRunning(server.processID))
        let error = await #expect(throws: PostgresError.self) { try await Connection.open(server.url()) }
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("Started again in its folder, PostgreSQL has what it had")
    func again() async throws {
        let folder = try Folder()
        let directory = folder.path + "/cluster"
        var server = try await EmbeddedPostgres.start(directory: directory)
        try await command("CREATE TABLE kept AS SELECT 7::int8 AS n", at: server.url())
        await server.stop()
        for _ in 0..<2 {
            // The same folder, written otherwise.
            server = try await EmbeddedPostgres.start(directory: directory + "/")
            #expect(try await number("SELECT n FROM kept", at: server.url()) == 7)
            await server.stop()
        }
    }

    @Test("Stopping ends sessions that are in the midst of something, and stopping twice is stopping once")
    func stopWhileUsed() async throws {
        let folder = try Folder()
        let server = try await EmbeddedPostgres.start(directory: folder.path + "/cluster")
        let connection = try await Connection.open(server.url())
        let observer = try await Connection.open(server.url())
        let sleeping = Task { try await connection.run { try $0.execute("SELECT pg_sleep(3600)") } }
        try await wait(for: "the statement to run") {
            try await number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'", on: observer) == 1
        }
        async let once: Void = server.stop()
        async let twice: Void = server.stop()
        _ = await (once, twice)
        #expect(!isRunning(server.processID))
        let error = await #expect(throws: PostgresError.self) { try await sleeping.value }
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await server.stop()
    }

    @Test("A throwaway PostgreSQL leaves nothing behind")
    func throwaway() async throws {
        let folder = try Folder()
        let server = try await EmbeddedPostgres.start(directory: folder.path + "/cluster", throwaway: true)
        #expect(try await number("SELECT 1::int8", at: server.url()) == 1)
        await server.stop()
        #expect(!isRunning(server.processID))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test("What an interrupted start left behind does not hinder the next")
    func interrupted() async throws {
        let folder = try Folder()
        let directory = folder.path + "/cluster"
        // initdb makes the cluster in a folder of another name; some of it may be there.
        try FileManager.default.createDirectory(atPath: directory + "/data.new/base", withIntermediateDirectories: true)
        try Data("15\n".utf8).write(to: URL(fileURLWithPath: directory + "/data.new/PG_VERSION"))
        let server = try await EmbeddedPostgres.start(directory: directory)
        #expect(try await number("SELECT 1::int8", at: server.url()) == 1)
        await server.stop()
    }

    @Test("A start that is cancelled ends, and leaves no server behind", .timeLimit(.minutes(20)))
    func cancelled() async throws {
        let folder = try Folder()
        let directory = folder.path + "/cluster"
        let stages = ["", "/data.new", "/data/PG_VERSION", "/data/postmaster.pid"]
        for (index, stage) in stages.enumerated() {
            let starting = Task { try await EmbeddedPostgres.start(directory: directory) }
            try await wait(for: "the start to come to \(stage)") {
                // Or further: on a busy machine a stage may go by unseen.
                stages[index...].contains { FileManager.default.fileExists(atPath: directory + $0) }
            }
            starting.cancel()
            switch await starting.result {
            case .success(let server): await server.stop()
            case .failure(let error): #expect(error is EmbeddedPostgresError)
            }
            let pid = try? String(contentsOfFile: directory + "/data/postmaster.pid", encoding: .utf8)
            #expect(pid == nil, "a server is left after a cancel at \(stage)")
        }
        let server = try await EmbeddedPostgres.start(directory: directory)
        #expect(try await number("SELECT 1::int8", at: server.url()) == 1)
        await server.stop()
    }

    @Test("A folder is private, and as root it and PostgreSQL belong to a user without rights")
    func owner() async throws {
        let folder = try Folder()
        let server = try await EmbeddedPostgres.start(directory: folder.path + "/cluster", throwaway: true)
        let attributes = try FileManager.default.attributesOfItem(atPath: server.directory)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        let owner = try #require((attributes[.ownerAccountID] as? NSNumber)?.uint32Value)
        #expect(geteuid() == 0 ? owner != 0 : owner == geteuid())
        // Source: proc(5): the folder of a process belongs to the user that it runs as.
        #if os(Linux)
            let process = try FileManager.default.attributesOfItem(atPath: "/proc/\(server.processID)")
            #expect((process[.ownerAccountID] as? NSNumber)?.uint32Value == owner)
        #endif
        await server.stop()
    }
}
