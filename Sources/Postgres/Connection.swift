import CLibPQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A connection to PostgreSQL with a thread of its own, on which all its statements run.
///
/// Within `run` and `transaction` the statements are plain synchronous calls. One `run` at a time: where another is
/// under way on the same connection, it waits for its turn.
public actor Connection {
    private nonisolated let thread: ConnectionThread
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private var handle: OpaquePointer?
    private var canceller: Canceller?
    private let farewell = Farewell()
    /// Names of prepared statements.
    var prepared: [PreparedKey: String] = [:]
    var preparedCount = 0
    /// The name of the statement under way, for errors.
    var running = "connection"
    var runningSQL = ""
    /// Whether rows are under way whose end has not been read: no other statement can be sent.
    var isStreaming = false
    /// Whether the COPY under way has been given anything.
    var hasCopied = false

    /// Whether the server has said, while nobody asked it anything, that it ends the session. Used on the connection's
    /// thread only.
    private final class Farewell: @unchecked Sendable {
        var isSaid = false
    }

    struct PreparedKey: Hashable {
        let sql: String
        let types: [OID]
    }

    private var isLeased = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private init(thread: ConnectionThread) { self.thread = thread }

    /// Connects.
    ///
    /// - Parameters:
    ///   - url: A `postgres://` URL or `keyword=value` pairs, as libpq reads them: several hosts, TLS, `service`.
    ///   - setup: Statements run before anything else, such as `SET ROLE`.
    /// - Throws: `.unavailable` where no server answers or lets us in; `.refused` where a setup statement fails.
    public static func open(_ url: String, setup: [String] = []) async throws(PostgresError) -> Connection {
        let connection = Connection(thread: ConnectionThread())
        try await connection.connect(url, setup)
        return connection
    }

    isolated deinit {
        if let handle { PQfinish(handle) }
        thread.stop()
    }

    private func connect(_ url: String, _ setup: [String]) throws(PostgresError) {
        guard Self.isReadable(url) else {
            // libpq's own words would quote it, password included.
            throw .unavailable(reason: "the URL or connection string is not one that libpq reads")
        }
        // What this program needs to decode comes as it is, whatever the server's configuration says.
        let keywords = ["dbname", "client_encoding", "fallback_application_name", nil]
        let values = [url, "UTF8", "dossier", nil]
        let opened = Self.withCStrings(keywords) { keywords in
            Self.withCStrings(values) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let opened, PQstatus(opened) == CONNECTION_OK else {
            let reason = Self.line(opened.map { String(cString: PQerrorMessage($0)) } ?? "out of memory")
            PQfinish(opened)
            throw .unavailable(reason: reason)
        }
        PQsetNoticeReceiver(
            opened,
            { farewell, notice in
                guard let farewell, let severity = PQresultErrorField(notice, Int32(UInt8(ascii: "V"))),
                    strcmp(severity, "FATAL") == 0
                else { return }
                Unmanaged<Farewell>.fromOpaque(farewell).takeUnretainedValue().isSaid = true
            }, Unmanaged.passUnretained(farewell).toOpaque())
        handle = opened
        canceller = Canceller(opened)
        for statement in setup { try execute(statement) }
    }

    private static func isReadable(_ url: String) -> Bool {
        // What is neither is the name of a database.
        guard url.contains("=") || url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else { return true }
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &message)
        PQconninfoFree(options)
        PQfreemem(message)
        return options != nil
    }

    private static func withCStrings<Result>(
        _ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = strings.map { $0.map { ContiguousArray($0.utf8CString) } }
        func collect(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) -> Result {
            guard index < copies.count else { return pointers.withUnsafeBufferPointer { body($0.baseAddress!) } }
            guard let copy = copies[index] else { return collect(index + 1, pointers + [nil]) }
            return copy.withUnsafeBufferPointer { collect(index + 1, pointers + [$0.baseAddress]) }
        }
        return collect(0, [])
    }

    /// Disconnects, after whoever uses it. What uses it afterwards is told `.unavailable`.
    public func close() async {
        await lease()
        if let handle { PQfinish(handle) }
        handle = nil
        canceller = nil
        prepared = [:]
        release()
    }

    /// Whether statements can be sent, as far as is known without asking the server.
    public var isUsable: Bool {
        guard let handle else { return false }
        return PQstatus(handle) == CONNECTION_OK
    }

    /// Whether the server has sent nothing that ends the connection; asks the socket, not the server.
    var isAlive: Bool {
        guard let handle, PQconsumeInput(handle) == 1 else { return false }
        // Reads what has come in: the server says why before it goes, and the end itself may be late.
        _ = PQisBusy(handle)
        return PQstatus(handle) == CONNECTION_OK && !farewell.isSaid
    }

    var open: OpaquePointer {
        get throws(PostgresError) {
            guard let handle else { throw .unavailable(reason: "the connection is closed") }
            return handle
        }
    }

    // MARK: - Exclusive use

    /// Runs `body` with the connection to itself, on the connection's thread.
    ///
    /// Cancelling the task cancels the statement on the server, which then throws `.cancelled`.
    public func run<Output: Sendable>(
        _ body: @Sendable (isolated Connection) async throws -> Output
    ) async throws -> Output {
        await lease()
        defer { release() }
        return try await cancellable { connection in try await body(connection) }
    }

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// - Parameter begin: `BEGIN` with the modes wanted, such as `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY`.
    /// - Throws: What `body` throws. `.unavailable` thrown by the commit itself leaves open whether it happened.
    public func transaction<Output: Sendable>(
        _ begin: String = "BEGIN", _ body: @Sendable (isolated Connection) async throws -> Output
    ) async throws -> Output {
        await lease()
        defer { release() }
        do {
            return try await cancellable { connection in
                try connection.execute(begin)
                let output = try await body(connection)
                try connection.commit()
                return output
            }
        } catch {
            rollBack()
            throw error
        }
    }

    private func cancellable<Output: Sendable>(
        _ body: @Sendable (isolated Connection) async throws -> Output
    ) async throws -> Output {
        guard let canceller else { throw PostgresError.unavailable(reason: "the connection is closed") }
        let user = canceller.arm()
        defer { canceller.disarm() }
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await body(self)
        } onCancel: {
            canceller.cancel(user)
        }
    }

    /// Ends a transaction that was left open; a connection on which that fails is closed.
    func rollBack() {
        guard let handle, PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
        do {
            try execute("ROLLBACK")
        } catch {
            PQfinish(handle)
            self.handle = nil
            canceller = nil
        }
    }

    private func lease() async {
        // Looked at where it is acted upon, so that nobody else comes in between.
        await withCheckedContinuation { continuation in
            if isLeased {
                // Handed over by `release`, in order, without being free in between.
                waiting.append(continuation)
            } else {
                isLeased = true
                continuation.resume()
            }
        }
    }

    private func release() {
        if waiting.isEmpty {
            isLeased = false
        } else {
            waiting.removeFirst().resume()
        }
    }

    var isCancelled: Bool { canceller?.wasCancelled ?? false }
}
