import EmbeddedPostgres
import Foundation
import Postgres
import Testing

/// Folders that are usual, and folders that are not.
@Suite struct PlaceTests {
    // Source: Linux, unix(7): the path of a socket has at most 107 bytes; PostgreSQL puts `.s.PGSQL.5432` and beside it
    // `.s.PGSQL.5432.lock` there.
    @Test("A path too long for a socket is no hindrance", arguments: [80, 84, 85, 89, 93, 94, 95, 107, 108, 200])
    func longPath(length: Int) async throws {
        let folder = try Folder()
        let directory = folder.path + "/" + String(repeating: "d", count: length - folder.path.utf8.count - 1)
        #expect(directory.utf8.count == length)
        let server = try await EmbeddedPostgres.start(directory: directory, throwaway: true)
        #expect(server.directory == directory)
        #expect(try await number("SELECT 1::int8", at: server.url()) == 1)
        await server.stop()
        #expect(!FileManager.default.fileExists(atPath: directory))
        if server.socketDirectory != directory {
            #expect(!FileManager.default.fileExists(atPath: server.socketDirectory), "the socket's folder is left")
            try? FileManager.default.removeItem(atPath: server.socketDirectory)
        }
    }

    @Test(
        "A folder may have any name",
        arguments: ["two words", "o'brien", "a,b", "back\\slash", "per%cent", "\"quoted\"", "$HOME", "grün", "a=b;c"])
    func anyName(name: String) async throws {
        let folder = try Folder()
        let server = try await EmbeddedPostgres.start(directory: folder.path + "/" + name, throwaway: true)
        do {
            #expect(try await number("SELECT 1::int8", at: server.url()) == 1)
        } catch {
            Issue.record("\(error)")
        }
        await server.stop()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        if !server.socketDirectory.hasPrefix(folder.path) {
            try? FileManager.default.removeItem(atPath: server.socketDirectory)
        }
    }

    @Test("A database may have any name")
    func anyDatabase() async throws {
        let folder = try Folder()
        let server = try await EmbeddedPostgres.start(directory: folder.path + "/cluster", throwaway: true)
        for name in ["two words", "o'brien", "back\\slash"] {
            try await command("CREATE DATABASE \"\(name)\"", at: server.url())
            do {
                let sql = "SELECT octet_length(current_database())::int8"
                #expect(try await number(sql, at: server.url(database: name)) == Int64(name.utf8.count))
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
        await server.stop()
    }

    @Test("A file where the folder should be, or above it, is an error that names the folder")
    func file() async throws {
        let folder = try Folder()
        let file = folder.path + "/file"
        try Data("x".utf8).write(to: URL(fileURLWithPath: file))
        for directory in [file, file + "/below"] {
            let error = await #expect(throws: EmbeddedPostgresError.self) {
                try await EmbeddedPostgres.start(directory: directory)
            }
            guard case .directory(directory, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "x")
    }

    @Test("A link in the folder's place is refused, and what it leads to is left as it was")
    func link() async throws {
        let folder = try Folder()
        let (target, link) = (folder.path + "/target", folder.path + "/link")
        try FileManager.default.createDirectory(
            atPath: target, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        for directory in [link, link + "/"] {
            let error = await #expect(throws: EmbeddedPostgresError.self) {
                let server = try await EmbeddedPostgres.start(directory: directory)
                await server.stop()
            }
            guard case .directory = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: target)
        #expect(attributes[.posixPermissions] as? Int == 0o755)
        #expect((attributes[.ownerAccountID] as? NSNumber)?.uint32Value == geteuid())
        #expect(try FileManager.default.contentsOfDirectory(atPath: target) == [])
    }

    @Test(
        "As root, a folder that PostgreSQL's user cannot reach is refused with the reason", .enabled(if: geteuid() == 0)
    )
    func unreachable() async throws {
        let folder = try Folder()
        let closed = folder.path + "/closed"
        try FileManager.default.createDirectory(
            atPath: closed, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let error = await #expect(throws: EmbeddedPostgresError.self) {
            try await EmbeddedPostgres.start(directory: closed + "/cluster")
        }
        guard case .directory(_, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains(closed))
    }

    @Test("A cluster of another major version is refused, and left as it was")
    func otherVersion() async throws {
        let folder = try Folder()
        let data = folder.path + "/cluster/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try Data("9.6\n".utf8).write(to: URL(fileURLWithPath: data + "/PG_VERSION"))
        let error = await #expect(throws: EmbeddedPostgresError.self) {
            try await EmbeddedPostgres.start(directory: folder.path + "/cluster")
        }
        guard case .wrongVersion(_, "9.6", let programs) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(Int(programs) != nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: data) == ["PG_VERSION"])
    }

    @Test("A server that does not start is told with what it said")
    func broken() async throws {
        let folder = try Folder()
        let directory = folder.path + "/cluster"
        let server = try await EmbeddedPostgres.start(directory: directory)
        await server.stop()
        let settings = directory + "/data/postgresql.conf"
        let handle = try #require(FileHandle(forWritingAtPath: settings))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("\nnothing_of_that_name = on\n".utf8))
        try handle.close()
        let error = await #expect(throws: EmbeddedPostgresError.self) {
            try await EmbeddedPostgres.start(directory: directory)
        }
        guard case .failed("postgres", let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("nothing_of_that_name"))
    }
}
