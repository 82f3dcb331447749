import Postgres
import Queries

extension Role {
    /// What was made, or would be.
    public struct Made: Sendable, Hashable {
        /// The statements that were run, in order, without passwords; none where all is there.
        public let statements: [String]
        /// The password of a login that is new and was given none: nobody can ask for it again.
        public let password: String?
    }

    /// Makes the roles that a cluster lacks, and a login for the service that may become those it works as and nothing
    /// else; safe beside other processes doing the same, and before there is a log.
    ///
    /// The login inherits nothing and owns nothing. One that is there keeps its password where none is given.
    ///
    /// - Parameters:
    ///   - url: A connection as a superuser, or as a user that may create roles.
    ///   - login: Of the service.
    ///   - password: Hidden before it is sent: it stands in no log of PostgreSQL.
    ///   - dryRun: Makes everything and takes it back.
    /// - Throws: `.unfit` where the login could change the log, or may not log in; `.database`.
    /// - Source: `queries/schema/fetch_role_statements.sql`
    public static func make(
        url: String, login: String, password: String? = nil, dryRun: Bool = false
    ) async throws(SchemaError) -> Made {
        var attempt = 0
        while true {
            attempt += 1
            do {
                return try await makeOnce(url: url, login: login, password: password, dryRun: dryRun)
            } catch PostgresError.refused(let state, _, _) where attempt < attempts && overtaken.contains(state) {
                continue
            } catch {
                throw SchemaError(error)
            }
        }
    }

    /// Another database of the cluster made the same at the same time: duplicate_object, unique_violation, and a tuple
    /// of a catalog that was updated meanwhile, for which there is no code of its own.
    private static let overtaken = ["42710", "23505", "XX000"]
    private static let attempts = 10

    private static func makeOnce(
        url: String, login: String, password: String?, dryRun: Bool
    ) async throws -> Made {
        let connection = try await Connection.open(url)
        do {
            let made = try await connection.transaction { connection in
                let made = try make(login, password, on: connection)
                if dryRun { throw DryRun(made: made) }
                return made
            }
            await connection.close()
            return made
        } catch let dryRun as DryRun {
            await connection.close()
            return dryRun.made
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Carries what was made out of the transaction that it rolls back.
    private struct DryRun: Error { let made: Made }

    private static func make(
        _ login: String, _ password: String?, on connection: isolated Connection
    ) throws -> Made {
        _ = try connection.fetchOne(Queries.Schema.lockMigrations())
        let found = try connection.fetchOptional(Queries.Schema.fetchRights(user: login, roles: []))
        if let found {
            guard !found.isPowerful else {
                throw SchemaError.unfit(
                    login: login, reason: "it is a superuser, owns the log, or may create roles; name another")
            }
            guard found.canLogin else {
                throw SchemaError.unfit(login: login, reason: "it is a role that may not log in; name another")
            }
        }
        let new = found == nil && password == nil ? madeUpPassword() : nil
        let hidden = try (password ?? new).map { try connection.hide(password: $0, of: login) }
        let rows = try connection.fetchAll(
            Queries.Schema.fetchRoleStatements(
                user: login, password: hidden, roles: Role.allCases.map(\.rawValue),
                own: Role.service.map(\.rawValue)))
        for row in rows { try connection.execute(row.statement) }
        let statements = rows.map { row in
            hidden.map { row.statement.replacing($0, with: "…") } ?? row.statement
        }
        return Made(statements: statements, password: new)
    }

    /// 190 bits.
    private static func madeUpPassword() -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<32).map { _ in letters[Int.random(in: letters.indices)] })
    }
}
