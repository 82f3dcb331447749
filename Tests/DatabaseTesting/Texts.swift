import Postgres

/// The rows of one column of text.
public func texts(_ sql: String, of url: String) async throws -> [String] {
    let connection = try await Connection.open(url)
    let query = Query<String>(statement: Statement(name: "texts", sql: sql)) { row throws(PostgresError) in
        try row[0]
    }
    let result: Result<[String], any Error>
    do {
        result = .success(try await connection.run { try $0.fetchAll(query) })
    } catch {
        result = .failure(error)
    }
    await connection.close()
    return try result.get()
}
