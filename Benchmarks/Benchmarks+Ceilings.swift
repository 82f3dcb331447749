import EmbeddedPostgres
import Foundation
import Postgres
import Schema
import Subprocess
import SystemPackage

extension Benchmarks {
    func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        let clock = ContinuousClock()
        let duration = try await clock.measure(body)
        return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    /// Makes a migrated database of one lane and answers its URL.
    func database(_ name: String) async throws -> String {
        let admin = try await Connection.open(postgres.url())
        try await admin.run { try $0.execute("create database \(name)") }
        await admin.close()
        let url = postgres.url(database: name)
        try await Migration.migrate(url: url)
        return url
    }

    /// Runs a program to its end; its complaints are the fault's text.
    @discardableResult
    func command(_ arguments: [String], database: String) async throws -> String {
        let result = try await Subprocess.run(
            arguments[0].hasPrefix("/") ? .path(FilePath(arguments[0])) : .name(arguments[0]),
            arguments: Arguments(Array(arguments.dropFirst())),
            environment: .inherit.updating(["DOSSIER_DATABASE_URL": database]),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw BenchmarkFault("\(arguments.joined(separator: " ")): \(result.standardError)")
        }
        return result.standardOutput
    }

    func psql(_ database: String, _ statements: String...) async throws {
        try await command(
            ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", database]
                + statements.flatMap { ["--command", $0] }, database: database)
    }

    /// Seconds that psql needs to copy the rows of `url`'s log, in binary and in one transaction, into the same tables
    /// of another database.
    func copyCeiling(from url: String) async throws -> Double {
        let tables = ["entries", "event_keys", "subtrees"]
        for table in tables {
            try await psql(url, "\\copy (select * from dossier.\(table)) to '\(directory)/\(table)' (format binary)")
        }
        let copy = try await database("copied")
        try await psql(copy, "select dossier.create_partitions(\(events))")
        let script = tables.map { "\\copy dossier.\($0) from '\(directory)/\($0)' (format binary)\n" }.joined()
        let path = directory + "/copy.sql"
        try ("begin;\n" + script + "commit;\n").write(toFile: path, atomically: true, encoding: .utf8)
        let time = try await seconds {
            try await command(
                ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", copy, "--file", path],
                database: copy)
        }
        for table in tables { try FileManager.default.removeItem(atPath: "\(directory)/\(table)") }
        return time
    }

    /// Seconds that one sequential scan of the entries, bodies included, takes when they are cached as they can be.
    func scanCeiling(_ url: String) async throws -> Double {
        let scan = "select sum(octet_length(body)) from dossier.entries"
        let alone = "set max_parallel_workers_per_gather = 0"
        try await psql(url, alone, scan)
        return try await seconds { try await psql(url, alone, scan) }
    }

    /// How long one client waits for a row of a million by its primary key, as `pgbench -S` asks.
    func selectCeiling() async throws -> Latency {
        let admin = try await Connection.open(postgres.url())
        try await admin.run { connection in
            try connection.execute("drop database if exists selected")
            try connection.execute("create database selected")
        }
        await admin.close()
        let url = postgres.url(database: "selected")
        try await command(["pgbench", "--initialize", "--quiet", "--scale=10", url], database: url)
        let prefix = directory + "/select"
        try await command(
            [
                "pgbench", "--no-vacuum", "--select-only", "--client=1", "--time=5", "--log", "--log-prefix=\(prefix)",
                url,
            ], database: url)
        var milliseconds: [Double] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasPrefix("select.") {
            let log = try String(contentsOfFile: directory + "/" + name, encoding: .utf8)
            // Source: pgbench's manual, "Per-Transaction Logging": the third field is the time in microseconds.
            milliseconds += log.split(separator: "\n").compactMap { line in
                line.split(separator: " ").dropFirst(2).first.flatMap { Double($0) }.map { $0 / 1000 }
            }
            try FileManager.default.removeItem(atPath: directory + "/" + name)
        }
        return Latency(milliseconds)
    }

    /// The number that a statement answers with.
    func value(_ sql: String, of url: String) async throws -> Int {
        let said = try await command(
            ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--dbname", url, "--command", sql], database: url)
        guard let value = Int(said.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw BenchmarkFault("\(sql) was answered: \(said)")
        }
        return value
    }

    /// Events a second that as many clients get, each inserting one row in a transaction of its own.
    func insertCeiling(clients: Int) async throws -> Double {
        let url = try await database("inserted")
        try await psql(url, "create sequence public.n")
        let body = String(repeating: "x", count: 700)
        let path = directory + "/insert.sql"
        try """
        insert into dossier.entries (lane, position, occurred_at, recorded_at, server_id, http_status, type, operation,
            request_id, leaf_hash, body)
        values (0, nextval('public.n'), clock_timestamp(), clock_timestamp(), gen_random_uuid(), 200,
            'org.openstack.manila.share_server.call', 'show', gen_random_uuid()::text, sha256('x'), '\(body)');

        """.write(toFile: path, atomically: true, encoding: .utf8)
        let output = try await command(
            [
                "pgbench", "--no-vacuum", "--client=\(clients)", "--jobs=2", "--time=10", "--protocol=prepared",
                "--file=\(path)", url,
            ], database: url)
        guard let tps = output.split(separator: "\n").first(where: { $0.hasPrefix("tps = ") }),
            let rate = Double(tps.dropFirst(6).prefix { $0 != " " })
        else { throw BenchmarkFault("pgbench said: \(output)") }
        return rate
    }
}
