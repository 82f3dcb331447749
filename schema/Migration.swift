import Crypto
public import Postgres
import Queries

/// One step of the schema, applied once and never changed after.
public struct Migration: Sendable, Hashable {
    /// Its place in the order, from 1 without gaps.
    public let number: Int32
    /// Its file's name without `.sql`, such as `m001_log`.
    public let name: String
    /// One or more statements.
    public let sql: String

    /// SHA-256 of the SQL, recorded when it is applied.
    public var checksum: [UInt8] { Array(SHA256.hash(data: Array(sql.utf8))) }
}

extension Migration {
    /// Entries a partition of the log holds, unless told otherwise.
    ///
    /// Source: measured; 4 Mi entries of 600 to 1,000 bytes are 4 to 6 GB with indexes: few enough partitions that a
    /// look-up by server probes three indexes at 10 M entries, small enough to detach and archive.
    public static let partitionEntries: Int64 = 4_194_304

    /// Brings a database to this program's schema and creates its log; safe beside other processes doing the same.
    ///
    /// All of it is one transaction under a lock: it happens wholly or not at all. Whatever is in the schemas belongs to
    /// `Role.owner` afterwards.
    ///
    /// - Parameters:
    ///   - url: A connection as a user that may create schemas and roles.
    ///   - lanes: 1...1024, fixed for ever when the log is created; disregarded where it exists.
    ///   - partitionEntries: At least 1,000; likewise.
    ///   - dryRun: Applies everything and takes it back.
    /// - Returns: The migrations that were (or would be) applied, in order; none where the schema is up to date.
    /// - Throws: `.changed` or `.unknown` where the database disagrees with this program (use the program that fits);
    ///   `.database` for everything PostgreSQL refuses.
    @discardableResult
    public static func migrate(
        url: String, lanes: Int16 = 1, partitionEntries: Int64 = partitionEntries, dryRun: Bool = false,
        migrations: [Migration] = all
    ) async throws(SchemaError) -> [Migration] {
        do {
            let connection = try await Connection.open(url)
            do {
                let pending = try await connection.transaction { connection in
                    let pending = try apply(
                        migrations, lanes: lanes, partitionEntries: partitionEntries, on: connection)
                    if dryRun { throw DryRun(pending: pending) }
                    return pending
                }
                await connection.close()
                return pending
            } catch {
                await connection.close()
                throw error
            }
        } catch let dryRun as DryRun {
            return dryRun.pending
        } catch {
            throw SchemaError(error)
        }
    }

    /// Carries what was pending out of the transaction that it rolls back.
    private struct DryRun: Error { let pending: [Migration] }

    private static func apply(
        _ migrations: [Migration], lanes: Int16, partitionEntries: Int64, on connection: isolated Connection
    ) throws -> [Migration] {
        _ = try connection.fetchOne(Queries.Schema.lockMigrations())
        let pending = try pending(migrations, on: connection)
        for migration in pending {
            do throws(PostgresError) {
                try connection.execute(migration.sql)
            } catch {
                throw SchemaError.failed(migration: migration.name, error)
            }
            try connection.execute(
                Queries.Schema.appendMigration(
                    number: migration.number, name: migration.name, checksum: Bytes(migration.checksum)))
        }
        _ = try connection.fetchOne(Queries.Log.createLog(lanes: lanes, partitionEntries: partitionEntries))
        for row in try connection.fetchAll(Queries.Schema.fetchOwnership()) { try connection.execute(row.statement) }
        return pending
    }

    /// The migrations that this database lacks, in order.
    ///
    /// - Throws: `.changed` where an applied migration is not the one this program has; `.unknown` where the database
    ///   has one that it has not.
    public static func pending(
        _ migrations: [Migration] = all, on connection: isolated Connection
    ) throws -> [Migration] {
        guard try connection.fetchOne(Queries.Schema.fetchMigrationsExist()).exist else { return migrations }
        let applied = try connection.fetchAll(Queries.Schema.fetchMigrations())
        for (index, row) in applied.enumerated() {
            guard index < migrations.count, migrations[index].number == row.number else {
                throw SchemaError.unknown(migration: row.name)
            }
            guard migrations[index].checksum == row.checksum.bytes else {
                throw SchemaError.changed(migration: row.name)
            }
        }
        return Array(migrations.dropFirst(applied.count))
    }
}
