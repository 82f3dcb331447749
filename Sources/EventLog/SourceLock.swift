import Postgres
import Queries
import Schema

/// The right to tell what a source saw. One process at a time has it, for as long as its connection lasts: where it dies,
/// or PostgreSQL does, the right is free.
///
/// An advisory lock of the session: the connection must not go through a pooler that shares sessions.
public final class SourceLock: Sendable {
    public let source: String
    private let connection: Connection

    private init(source: String, connection: Connection) {
        self.source = source
        self.connection = connection
    }

    /// A holder whose machine has gone is noticed after this: idle, and then so many probes apart.
    private static let setup = [
        Role.writer.setup, "SET application_name = 'dossier source'", "SET statement_timeout = '10s'",
        "SET tcp_keepalives_idle = 10", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3",
    ]

    /// Takes the right; nil where another process has it.
    ///
    /// - Parameter url: A connection of its own is opened, as a member of `dossier_writer`.
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`.
    /// - Source: `queries/log/lock_source.sql`
    public static func take(_ source: String, url: String) async throws(LogError) -> SourceLock? {
        do {
            let lock = SourceLock(source: source, connection: try await Connection.open(url, setup: setup))
            do {
                if try await lock.ask() { return lock }
            } catch {
                await lock.release()
                throw error
            }
            await lock.release()
            return nil
        } catch {
            throw LogError(error)
        }
    }

    /// Returns where the right is still held: PostgreSQL says so at this moment.
    ///
    /// - Throws: `.unavailable`, `.cancelled`, `.refused`: somebody else may have it by now. Release it, and take it again.
    public func confirm() async throws(LogError) {
        do {
            // Who has it is given it once more; another session never is.
            guard try await ask() else { throw LogError.busy }
        } catch {
            throw LogError(error)
        }
    }

    /// Gives the right back.
    public func release() async { await connection.close() }

    private func ask() async throws -> Bool {
        try await connection.run { [source] connection in
            try connection.fetchOne(Queries.Log.lockSource(source: source)).isTaken
        }
    }
}
