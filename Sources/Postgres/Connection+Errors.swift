import CLibPQ

extension Connection {
    /// Throws what the server refused; nothing where it did not.
    func check(_ result: OpaquePointer?) throws(PostgresError) {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY: return
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            leaveCopy()
            throw .misuse(query: running, reason: "it is a COPY, or one in the other direction")
        default: throw error(result)
        }
    }

    /// Ends a COPY that nobody asked for.
    private func leaveCopy() {
        guard let handle = try? open else { return }
        cancelUnderWay()
        PQputCopyEnd(handle, "not asked for")
        var buffer: UnsafeMutablePointer<CChar>?
        while PQgetCopyData(handle, &buffer, 0) > 0 { PQfreemem(buffer) }
        while let rest = PQgetResult(handle) { PQclear(rest) }
    }

    func error(_ result: OpaquePointer?) -> PostgresError {
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
        }
        guard let result, let sqlState = field("C") else { return connectionError() }
        _ = result
        if sqlState == "57014", isCancelled { return .cancelled(query: running) }
        // 08P01 tells of a message that was not as it should be, not of a connection that was lost.
        if ["57P01", "57P02", "57P03"].contains(sqlState) || sqlState.hasPrefix("08") && sqlState != "08P01"
            || !isUsable
        {
            return .unavailable(reason: Self.line(field("M") ?? sqlState))
        }
        let place = [("n", "constraint"), ("t", "table"), ("c", "column")]
            .compactMap { code, what in field(Character(code)).map { "\(what) \($0)" } }
        let reason = reason(sqlState, message: field("M"))
        return .refused(
            sqlState: sqlState, query: running,
            reason: place.isEmpty ? reason : reason + " (" + place.joined(separator: ", ") + ")")
    }

    func connectionError() -> PostgresError {
        guard let message = try? open, let text = PQerrorMessage(message) else {
            return .unavailable(reason: "the connection is closed")
        }
        let line = Self.line(String(cString: text))
        if isUsable { return .misuse(query: running, reason: line) }
        return .unavailable(reason: line.isEmpty ? "the connection was lost" : line)
    }

    /// The server's message where its class of errors says nothing of values, a fixed text otherwise.
    ///
    /// Source: PostgreSQL documentation, appendix A; messages of classes 22 and 23 quote what was sent.
    private func reason(_ sqlState: String, message: String?) -> String {
        let fixed: [String: String] = [
            "0A": "the server does not support this", "21": "the number of rows does not fit",
            "22": "a value does not fit its type", "23": "a constraint does not allow it",
            "25": "the transaction is in the wrong state",
            "25006": "the server is read-only: a standby, or one that was made so",
            "26": "the prepared statement does not exist", "53100": "its disk is full",
            "28": "the server does not let this user in", "40": "the transaction was rolled back by the server",
            "XX": "the server has an internal error",
        ]
        let spoken: Set<String> = ["08", "3D", "3F", "42", "53", "54", "55", "57", "58", "P0"]
        let group = String(sqlState.prefix(2))
        if spoken.contains(group), let message, namesOnlyWhatTheStatementDoes(message) { return Self.line(message) }
        return fixed[sqlState] ?? fixed[group] ?? "the server refused it"
    }

    /// Whether each name that a message quotes stands in the statement itself: a value that was cast to a name, as by
    /// `$1::regclass`, does not.
    private func namesOnlyWhatTheStatementDoes(_ message: String) -> Bool {
        let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.enumerated().allSatisfy { $0.offset % 2 == 0 || runningSQL.contains($0.element) }
    }

    /// One line out of a message of libpq's or the server's.
    static func line(_ message: String) -> String {
        message.split(whereSeparator: \.isNewline).map { line in
            String(line.drop { $0 == " " || $0 == "\t" })
        }.joined(separator: "; ")
    }
}
