import Foundation
import Subprocess
import SystemPackage

/// Where PostgreSQL's programs are.
enum Programs {
    /// The folder that holds both `initdb` and `postgres`: that of `PGBINDIR`, else what `pg_config` says, else the
    /// newest of the distribution's.
    ///
    /// `pg_config` comes with libpq's headers: the folder that it names need not hold a server.
    static func directory() async throws(EmbeddedPostgresError) -> String {
        var places: [String] = []
        if let directory = ProcessInfo.processInfo.environment["PGBINDIR"] { places.append(directory) }
        if let said = try? await run(
            .name("pg_config"), arguments: ["--bindir"], output: .string(limit: 4096), error: .discarded),
            let line = said.standardOutput.split(separator: "\n").first
        {
            places.append(String(line))
        }
        let debian = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
        places += versions.compactMap { Int($0) }.sorted(by: >).map { "\(debian)/\($0)/bin" }
        places += ["/usr/pgsql-17/bin", "/usr/pgsql-16/bin", "/usr/pgsql-15/bin", "/usr/local/pgsql/bin"]
        places += ["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"]
        for place in places
        where ["initdb", "postgres"].allSatisfy({ FileManager.default.isExecutableFile(atPath: "\(place)/\($0)") }) {
            return place
        }
        throw .notInstalled(lookedIn: places)
    }

    /// The major version of `postgres`, such as `15`.
    static func majorVersion(in directory: String) async -> String? {
        let said = try? await run(
            .path(.init("\(directory)/postgres")), arguments: ["--version"], output: .string(limit: 4096),
            error: .discarded)
        // postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
        let words = said?.standardOutput.split(separator: " ") ?? []
        return words.count > 2 ? words[2].split(separator: ".").first.map(String.init) : nil
    }

    /// How pages are compressed in the write-ahead log: `lz4` where `postgres` has it, else not at all.
    ///
    /// Source: measured, PostgreSQL 15; what applies a thousand entries right after a checkpoint takes 57 ms without
    /// compression and 4.9 MB instead of 6.8 for 69 ms with lz4, 280 ms with pglz, and 130 ms with zstd.
    static func compression(in directory: String, data: String) async -> String {
        let tried = try? await run(
            .path(.init("\(directory)/postgres")),
            // With -C first, root may ask too.
            arguments: ["-C", "wal_compression", "-c", "wal_compression=lz4", "-D", data],
            output: .string(limit: 4096), error: .discarded)
        return tried?.terminationStatus.isSuccess == true ? "lz4" : "off"
    }
}
