import CLibPQ

extension Connection {
    /// Copies in what `body` hands to `copyData`; answers how many rows went in.
    ///
    /// - Throws: What `body` throws: then nothing was copied.
    @discardableResult
    public func copyIn(
        _ copy: Copy, _ body: (isolated Connection) throws -> Void
    ) throws -> Int {
        try begin(copy.statement.name, copy.statement.sql)
        let begun = PQexec(try open, copy.statement.sql)
        defer { PQclear(begun) }
        guard PQresultStatus(begun) == PGRES_COPY_IN else {
            try check(begun)
            throw PostgresError.misuse(query: copy.statement.name, reason: "it is no COPY … FROM STDIN")
        }
        isStreaming = true
        defer { isStreaming = false }
        hasCopied = false
        do {
            try body(self)
            // Binary COPY begins with a header even where no row follows.
            if !hasCopied, PQbinaryTuples(begun) == 1 { try CopyWriter.header.withUnsafeBytes { try copyData($0) } }
        } catch {
            if let handle = try? open {
                PQputCopyEnd(handle, "given up")
                while let rest = PQgetResult(handle) { PQclear(rest) }
            }
            throw error
        }
        guard PQputCopyEnd(try open, nil) == 1 else { throw connectionError() }
        return try copyEnd()
    }

    /// Sends part of what is copied in, of any length; waits while the server does not keep up.
    public func copyData(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        guard !bytes.isEmpty else { return }
        hasCopied = true
        let sent = PQputCopyData(
            try open, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count))
        guard sent == 1 else { throw connectionError() }
    }

    /// Sends the rows that have been gathered, and empties the writer.
    public func copyData(_ rows: inout CopyWriter) throws(PostgresError) {
        let failure = rows.bytes.withUnsafeBytes { bytes -> PostgresError? in
            do throws(PostgresError) {
                try copyData(bytes)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        rows.removeAll()
    }

    /// Hands over what a `COPY … TO STDOUT` gives, a row at a time, waiting for `body` each time; answers how many.
    @discardableResult
    public func copyOut(
        _ copy: Copy, _ body: (_ row: [UInt8]) async throws -> Void
    ) async throws -> Int {
        try begin(copy.statement.name, copy.statement.sql)
        let begun = PQexec(try open, copy.statement.sql)
        defer { PQclear(begun) }
        guard PQresultStatus(begun) == PGRES_COPY_OUT else {
            try check(begun)
            throw PostgresError.misuse(query: copy.statement.name, reason: "it is no COPY … TO STDOUT")
        }
        isStreaming = true
        defer { isStreaming = false }
        var failure: (any Error)?
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(try open, &buffer, 0)
            guard length > 0, let buffer else {
                if length == -2 { throw connectionError() }
                break
            }
            defer { PQfreemem(buffer) }
            guard failure == nil else { continue }
            do {
                try await body(Array(UnsafeRawBufferPointer(start: buffer, count: Int(length))))
            } catch {
                failure = error
                // What is left would have to be read to its end otherwise.
                cancelUnderWay()
            }
        }
        do {
            let count = try copyEnd()
            if let failure { throw failure }
            return count
        } catch let end {
            throw failure ?? end
        }
    }

    private func copyEnd() throws(PostgresError) -> Int {
        var count = 0
        var failure: PostgresError?
        while let result = PQgetResult(try open) {
            defer { PQclear(result) }
            if PQresultStatus(result) == PGRES_COMMAND_OK {
                count = Int(String(cString: PQcmdTuples(result))) ?? 0
            } else if failure == nil {
                failure = error(result)
            }
        }
        if let failure { throw failure }
        return count
    }
}
