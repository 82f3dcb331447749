import FoundationEssentials
import Postgres

/// What PostgreSQL would do to answer a statement: the tables that it would read from end to end, and the indexes.
struct Plan: Sendable {
    /// Tables read by a Seq Scan, but for those that hold nothing.
    let scanned: Set<String>
    let indexes: Set<String>

    /// Indexes whose names say that they are over these columns, on whatever partition.
    func uses(_ index: String) -> Bool { indexes.contains { $0.hasSuffix(index) } }
}

extension Connection {
    /// The plan for parameters that are known, as the program's sessions have it made.
    func plan<Output>(_ query: Query<Output>) throws -> Plan { try plan(query.statement, query.bindings) }
    func plan(_ command: Command) throws -> Plan { try plan(command.statement, command.bindings) }

    private func plan(_ statement: Statement, _ bindings: Bindings) throws -> Plan {
        try plan("EXPLAIN (FORMAT JSON) " + statement.sql, bindings, name: statement.name)
    }

    /// The plan for any parameters, which a session that may choose takes after some executions.
    func genericPlan(_ statement: Statement) throws -> Plan {
        try execute("SET LOCAL plan_cache_mode = force_generic_plan")
        let name = try prepare(statement)
        let nulls = statement.parameters.map { _ in "NULL" }.joined(separator: ", ")
        let call = nulls.isEmpty ? name : "\(name) (\(nulls))"
        return try plan("EXPLAIN (FORMAT JSON) EXECUTE \(call)", Bindings(), name: statement.name)
    }

    /// Prepares a statement for the types that its file declares; answers the prepared statement's name.
    func prepare(_ statement: Statement) throws(PostgresError) -> String {
        let name = "\"\(statement.name)\""
        let types = statement.parameters.map(sqlType).joined(separator: ", ")
        try execute("PREPARE \(name) \(types.isEmpty ? "" : "(\(types))") AS \(statement.sql)")
        return name
    }

    private func plan(_ sql: String, _ bindings: Bindings, name: String) throws -> Plan {
        let explain = Query<JSONText>(statement: Statement(name: "explain \(name)", sql: sql), bindings: bindings) {
            row throws(PostgresError) in try row[0]
        }
        let text = try fetchOne(explain)
        let filled = Query<String>(
            statement: Statement(
                name: "filled",
                sql: "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND pg_relation_size(oid) > 0")
        ) { row throws(PostgresError) in try row[0] }
        let tables = Set(try fetchAll(filled))
        var nodes: [Node] = []
        for root in try JSONDecoder().decode([Root].self, from: Data(text.bytes)) { root.plan.collect(&nodes) }
        return Plan(
            scanned: Set(nodes.filter { $0.type.hasSuffix("Seq Scan") }.compactMap(\.table)).intersection(tables),
            indexes: Set(nodes.compactMap(\.index)))
    }
}

/// A type as headers write it, as PostgreSQL does.
func sqlType(_ written: String) -> String {
    let name = written.hasSuffix("?") ? String(written.dropLast()) : written
    return name.replacing("?", with: "").replacing("double", with: "double precision")
}

/// Source: PostgreSQL documentation, "EXPLAIN", the members of FORMAT JSON.
private struct Root: Decodable {
    let plan: Node
    enum CodingKeys: String, CodingKey { case plan = "Plan" }
}

private struct Node: Decodable {
    let type: String
    let table: String?
    let index: String?
    let plans: [Node]?
    enum CodingKeys: String, CodingKey {
        case type = "Node Type"
        case table = "Relation Name"
        case index = "Index Name"
        case plans = "Plans"
    }

    func collect(_ nodes: inout [Node]) {
        nodes.append(self)
        for plan in plans ?? [] { plan.collect(&nodes) }
    }
}
