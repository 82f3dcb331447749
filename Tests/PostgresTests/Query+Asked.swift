import Postgres

extension Bindings {
    /// Parameters in their order.
    init<each Value: PostgresEncodable>(of value: repeat each Value) {
        self.init()
        repeat append(each value)
    }
}

extension Query where Output: PostgresDecodable {
    /// A query of one column that is never null.
    static func asked(_ sql: String, _ bindings: Bindings = Bindings(), named name: String = "asked/value") -> Self {
        Query(statement: Statement(name: name, sql: sql), bindings: bindings) { row throws(PostgresError) in
            try row[0]
        }
    }
}

extension Command {
    static func asked(_ sql: String, _ bindings: Bindings = Bindings(), named name: String = "asked/command") -> Self {
        Command(statement: Statement(name: name, sql: sql, kind: .execute), bindings: bindings)
    }
}

extension Connection {
    /// The only value of a query, in a turn of its own.
    nonisolated func value<Value: PostgresDecodable & Sendable>(
        _ sql: String, _ bindings: Bindings = Bindings(), as _: Value.Type = Value.self
    ) async throws -> Value {
        try await run { try $0.fetchOne(.asked(sql, bindings)) }
    }

    /// All values of a column, in a turn of their own.
    nonisolated func values<Value: PostgresDecodable & Sendable>(
        _ sql: String, _ bindings: Bindings = Bindings(), as _: Value.Type = Value.self
    ) async throws -> [Value] {
        try await run { try $0.fetchAll(.asked(sql, bindings)) }
    }

    /// Runs statements without parameters, in a turn of their own.
    nonisolated func command(_ sql: String) async throws {
        try await run { try $0.execute(sql) }
    }
}
