import DatabaseTesting
import Postgres
import Queries
import Service

extension Token {
    /// A token of the running test's database, made as `dossier tokens create` does.
    static func made(
        _ role: AccessRole, projects: [String]? = nil, expiresAt: Timestamp? = nil
    ) async throws -> Token {
        let token = Token()
        let connection = try await Connection.open(DatabaseTrait.url)
        _ = try await connection.run {
            try $0.execute(
                Queries.Access.appendToken(
                    id: token.id, name: "test", role: role.rawValue, projects: projects,
                    secretHash: Bytes(token.secretHash), expiresAt: expiresAt))
        }
        await connection.close()
        return token
    }
}
