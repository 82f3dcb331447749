import CLibPQ

extension Connection {
    /// Prepared statements kept by a connection; when there are more, all are given up and prepared anew.
    ///
    /// Source: the program has fewer than a hundred; the bound is for what builds SQL at run time.
    private static let preparedLimit = 500

    /// Runs one or more statements that take no parameters and whose rows are not wanted.
    public func execute(_ sql: String) throws(PostgresError) {
        try begin(String(sql.prefix { $0.isLetter || $0 == " " }.prefix(24)), sql)
        let result = PQexec(try open, sql)
        defer { PQclear(result) }
        try check(result)
    }

    /// Runs a command; answers how many rows it touched.
    @discardableResult
    public func execute(_ command: Command) throws(PostgresError) -> Int {
        let result = try send(command.statement, command.bindings)
        defer { PQclear(result) }
        try check(result)
        return Int(String(cString: PQcmdTuples(result))) ?? 0
    }

    /// All rows of a query.
    public func fetchAll<Output>(_ query: Query<Output>) throws(PostgresError) -> [Output] {
        let result = try send(query.statement, query.bindings)
        defer { PQclear(result) }
        try check(result)
        guard let result else { return [] }
        let count = PQntuples(result)
        var rows: [Output] = []
        rows.reserveCapacity(Int(count))
        for index in 0..<count {
            rows.append(try query.decode(Row(result: result, index: index, query: query.statement.name)))
        }
        return rows
    }

    /// The only row of a query, nil where there is none; `.misuse` where there are several.
    public func fetchOptional<Output>(_ query: Query<Output>) throws(PostgresError) -> Output? {
        let rows = try fetchAll(query)
        guard rows.count <= 1 else {
            throw .misuse(query: query.statement.name, reason: "\(rows.count) rows where one was expected")
        }
        return rows.first
    }

    /// The only row of a query; `.misuse` where there is none, or several.
    public func fetchOne<Output>(_ query: Query<Output>) throws(PostgresError) -> Output {
        guard let row = try fetchOptional(query) else {
            throw .misuse(query: query.statement.name, reason: "no row where one was expected")
        }
        return row
    }

    /// Hands over the rows of a query one by one as they come in, waiting for `body` each time: memory does not grow
    /// with the answer, and a slow `body` slows the server down.
    public func stream<Output>(
        _ query: Query<Output>, _ body: (Output) async throws -> Void
    ) async throws {
        let name = try prepare(query.statement, query.bindings)
        let connection = try open
        isStreaming = true
        defer { isStreaming = false }
        let sent = query.bindings.withPointers { values, lengths, formats in
            PQsendQueryPrepared(connection, name, Int32(query.bindings.count), values, lengths, formats, 1)
        }
        guard sent == 1, PQsetSingleRowMode(connection) == 1 else { throw connectionError() }
        var failure: (any Error)?
        while let result = PQgetResult(try open) {
            defer { PQclear(result) }
            do {
                try check(result)
                if failure == nil, PQntuples(result) > 0 {
                    try await body(query.decode(Row(result: result, index: 0, query: query.statement.name)))
                }
            } catch {
                if failure == nil {
                    failure = error
                    // What is left of the answer would have to be read to its end otherwise.
                    cancelUnderWay()
                }
            }
        }
        if let failure { throw failure }
    }

    /// Asks the server to give up the statement under way. Its end is still to be read.
    func cancelUnderWay() {
        guard let handle = try? open, let cancel = PQgetCancel(handle) else { return }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) {
            _ = PQcancel(cancel, $0.baseAddress, 256)
        }
        PQfreeCancel(cancel)
    }

    /// What the server makes of a statement: the types of its parameters, the names and types of its columns.
    public func describe(
        _ statement: Statement
    ) throws(PostgresError) -> (parameters: [OID], columns: [(name: String, type: OID)]) {
        try begin(statement.name, statement.sql)
        let prepared = PQprepare(try open, "", statement.sql, 0, nil)
        defer { PQclear(prepared) }
        try check(prepared)
        let described = PQdescribePrepared(try open, "")
        defer { PQclear(described) }
        try check(described)
        return (
            (0..<PQnparams(described)).map { PQparamtype(described, $0) },
            (0..<PQnfields(described)).map { (String(cString: PQfname(described, $0)), PQftype(described, $0)) }
        )
    }

    // MARK: - Prepared statements

    private func prepare(_ statement: Statement, _ bindings: Bindings) throws(PostgresError) -> String {
        try begin(statement.name, statement.sql)
        let key = PreparedKey(sql: statement.sql, types: bindings.types)
        if let name = prepared[key] { return name }
        if prepared.count >= Self.preparedLimit {
            try execute("DEALLOCATE ALL")
            prepared = [:]
            try begin(statement.name, statement.sql)
        }
        preparedCount += 1
        let name = "s\(preparedCount)"
        let result = bindings.types.withUnsafeBufferPointer { types in
            (try? open).map { PQprepare($0, name, statement.sql, Int32(types.count), types.baseAddress) } ?? nil
        }
        defer { PQclear(result) }
        try check(result)
        prepared[key] = name
        return name
    }

    private func send(_ statement: Statement, _ bindings: Bindings) throws(PostgresError) -> OpaquePointer? {
        let result = try sendOnce(statement, bindings)
        // The session may have been told to forget its statements, as by a pooler between us and the server.
        guard PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map({ String(cString: $0) }) == "26000",
            PQtransactionStatus(try open) == PQTRANS_IDLE
        else { return result }
        PQclear(result)
        prepared = [:]
        return try sendOnce(statement, bindings)
    }

    private func sendOnce(_ statement: Statement, _ bindings: Bindings) throws(PostgresError) -> OpaquePointer? {
        let name = try prepare(statement, bindings)
        let connection = try open
        return bindings.withPointers { values, lengths, formats in
            PQexecPrepared(connection, name, Int32(bindings.count), values, lengths, formats, 1)
        }
    }

    /// Says which statement begins, for errors.
    ///
    /// - Throws: `.misuse` while the answer to another is being read on this connection: it would be lost.
    func begin(_ name: String, _ sql: String) throws(PostgresError) {
        guard !isStreaming else {
            throw .misuse(query: name, reason: "'\(running)' is still under way on this connection")
        }
        running = name
        runningSQL = sql
    }

    /// Commits; the server answers the COMMIT of a transaction that has failed with a rollback, and no error.
    func commit() throws(PostgresError) {
        try begin("COMMIT", "COMMIT")
        let result = PQexec(try open, "COMMIT")
        defer { PQclear(result) }
        try check(result)
        guard String(cString: PQcmdStatus(result)) == "COMMIT" else {
            throw .refused(
                sqlState: "25P02", query: running, reason: "a statement of the transaction had failed; nothing was kept"
            )
        }
    }
}
