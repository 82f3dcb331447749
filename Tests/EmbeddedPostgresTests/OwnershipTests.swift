import DatabaseTesting
import EmbeddedPostgres
import Foundation
import Postgres
import Testing

/// One process, one PostgreSQL, and what becomes of it when either ends.
@Suite struct OwnershipTests {
    @Test("A folder whose PostgreSQL runs is refused, and that one goes on")
    func inUse() async throws {
        let folder = try Folder()
        let directory = folder.path + "/cluster"
        let server = try await EmbeddedPostgres.start(directory: directory)
        for throwaway in [false, true] {
            let error = await #expect(throws: EmbeddedPostgresError.self) {
                try await EmbeddedPostgres.start(directory: directory, throwaway: throwaway)
            }
            #expect(error == .inUse(directory: directory, processID: server.processID))
        }
        #expect(try await number("SELECT 1::int8", at: server.url()) == 1)
        await server.stop()
    }

    @Test("A folder that another process owns is refused until that process ends", .timeLimit(.minutes(20)))
    func ownedByAnother() async throws {
        let folder = try Folder()
        let directory = folder.path + "/cluster"
        let ready = folder.path + "/ready"
        async let owner = #expect(processExitsWith: .success) {
            [directory = directory as String, ready = ready as String] in
            let server = try await EmbeddedPostgres.start(directory: directory)
            try Data("\(server.processID)".utf8).write(to: URL(fileURLWithPath: ready), options: .atomic)
            while FileManager.default.fileExists(atPath: ready) { try await Task.sleep(for: .milliseconds(10)) }
            await server.stop()
        }
        try await wait(for: "the other process to own the folder", within: .seconds(60)) {
            FileManager.default.fileExists(atPath: ready)
        }
        let processID = try #require(Int32(String(contentsOfFile: ready, encoding: .utf8)))
        let error = await #expect(throws: EmbeddedPostgresError.self) {
            try await EmbeddedPostgres.start(directory: directory)
        }
        #expect(error == .inUse(directory: directory, processID: processID))
        #expect(isRunning(processID))
        try FileManager.default.removeItem(atPath: ready)
        _ = await owner
        let server = try await EmbeddedPostgres.start(directory: directory)
        #expect(try await number("SELECT 1::int8", at: server.url()) == 1)
        await server.stop()
    }

    @Test(
        "Of several starts in one folder at the same time one succeeds, and the others harm nothing",
        arguments: [false, true])
    func atTheSameTime(hasCluster: Bool) async throws {
        let folder = try Folder()
        let directory = folder.path + "/cluster"
        if hasCluster { await (try EmbeddedPostgres.start(directory: directory)).stop() }
        let servers = await withTaskGroup(of: EmbeddedPostgres?.self) { group in
            for _ in 0..<3 { group.addTask { try? await EmbeddedPostgres.start(directory: directory) } }
            return await group.reduce(into: [EmbeddedPostgres]()) { if let server = $1 { $0.append(server) } }
        }
        #expect(servers.count == 1)
        if let server = servers.first {
            do {
                #expect(try await number("SELECT 1::int8", at: server.url()) == 1)
            } catch {
                Issue.record("\(error)")
            }
        }
        for server in servers { await server.stop() }
        let server = try await EmbeddedPostgres.start(directory: directory)
        #expect(try await number("SELECT 1::int8", at: server.url()) == 1)
        await server.stop()
    }

    @Test(
        "PostgreSQL ends with the process that owns it, however that process ends",
        arguments: [SIGKILL, SIGTERM, SIGABRT, 0])
    func ownerEnds(signal: Int32) async throws {
        let folder = try Folder()
        let directory = folder.path + "/cluster"
        let told = folder.path + "/told"
        let condition: ExitTest.Condition = signal == 0 ? .exitCode(3) : .signal(signal)
        await #expect(processExitsWith: condition) { [directory = directory as String, told = told as String, signal] in
            let server = try await EmbeddedPostgres.start(directory: directory)
            try await command("CREATE TABLE kept AS SELECT 7::int8 AS n", at: server.url())
            try Data("\(server.processID)".utf8).write(to: URL(fileURLWithPath: told), options: .atomic)
            if signal == 0 { exit(3) }
            kill(getpid(), signal)
            while true { try await Task.sleep(for: .seconds(1)) }
        }
        let processID = try #require(Int32(String(contentsOfFile: told, encoding: .utf8)))
        try await wait(for: "PostgreSQL to end") { !isRunning(processID) }
        #expect(!FileManager.default.fileExists(atPath: directory + "/data/postmaster.pid"))
        let server = try await EmbeddedPostgres.start(directory: directory)
        #expect(try await number("SELECT n FROM kept", at: server.url()) == 7)
        await server.stop()
    }

    @Test("A throwaway PostgreSQL whose owner is killed ends and leaves nothing behind")
    func throwawayOwnerEnds() async throws {
        let folder = try Folder()
        await #expect(processExitsWith: .signal(SIGKILL)) { [directory = folder.path + "/cluster" as String] in
            _ = try await EmbeddedPostgres.start(directory: directory, throwaway: true)
            kill(getpid(), SIGKILL)
            while true { try await Task.sleep(for: .seconds(1)) }
        }
        try await wait(for: "the folder to be removed") {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty
        }
    }

    @Test("PostgreSQL that was killed is started again in its folder and has what was committed")
    func killed() async throws {
        let folder = try Folder()
        let directory = folder.path + "/cluster"
        var server = try await EmbeddedPostgres.start(directory: directory)
        try await command("CREATE TABLE kept (n int8)", at: server.url())
        for round in Int64(1)...3 {
            try await command("INSERT INTO kept VALUES (\(round))", at: server.url())
            #expect(kill(server.processID, SIGKILL) == 0)
            await server.stop()
            server = try await EmbeddedPostgres.start(directory: directory)
            #expect(try await number("SELECT count(*) FROM kept", at: server.url()) == round)
        }
        await server.stop()
    }
}
