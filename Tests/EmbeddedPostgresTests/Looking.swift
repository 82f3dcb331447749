import Foundation
import Postgres
import Testing

/// Whether a process is there and has not ended; one that has, and that nobody has asked for yet, is not.
func isRunning(_ processID: Int32) -> Bool {
    guard kill(processID, 0) == 0 || errno == EPERM else { return false }
    #if os(Linux)
        // Source: proc(5): the state follows the name, which is in parentheses.
        let status = (try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)) ?? ") Z"
        guard let end = status.lastIndex(of: ")") else { return false }
        return !status[end...].dropFirst().hasPrefix(" Z")
    #else
        return true
    #endif
}

/// The only number of a query.
func number(_ sql: String, on connection: Connection) async throws -> Int64 {
    let query = Query(statement: Statement(name: "asked/number", sql: sql)) { row throws(PostgresError) in
        try row[0] as Int64
    }
    return try await connection.run { try $0.fetchOne(query) }
}

/// The only number of a query, on a connection for it alone.
func number(_ sql: String, at url: String) async throws -> Int64 {
    let connection = try await Connection.open(url)
    let value = try await number(sql, on: connection)
    await connection.close()
    return value
}

/// Runs statements, on a connection for them alone.
func command(_ sql: String, at url: String) async throws {
    let connection = try await Connection.open(url)
    try await connection.run { try $0.execute(sql) }
    await connection.close()
}
