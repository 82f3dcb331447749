/// A bounded number of connections, each lent to one user at a time.
///
/// Waiters are served in order. A connection that broke is replaced by the next use; one that is found broken while it
/// lay idle (the server was restarted) is replaced before it is lent.
public actor Pool {
    private let url: String
    private let limit: Int
    private let wait: Duration
    private let setup: [String]

    private var idle: [Connection] = []
    /// Connections lent or being opened.
    private var lent = 0
    private var waiting: [Waiter] = []
    private var lastWaiter: UInt64 = 0
    private var isClosed = false

    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Turn, Never>
    }
    /// What a waiter is told.
    private enum Turn {
        /// It may take, or open, a connection; it is counted as lent.
        case granted
        case timedOut, cancelled, closed
    }

    /// - Parameters:
    ///   - url: As `Connection.open` takes it.
    ///   - limit: Connections at most; at least 1.
    ///   - wait: How long to wait for one.
    ///   - setup: Statements run on each new connection, such as `SET ROLE`.
    public init(url: String, limit: Int, wait: Duration = .seconds(5), setup: [String] = []) {
        self.url = url
        self.limit = max(1, limit)
        self.wait = wait
        self.setup = setup
    }

    /// Lends a connection to `body`.
    ///
    /// - Throws: `.busy` where none became free in time; `.unavailable` where none could be opened or the pool is
    ///   closed; what `body` throws.
    public func withConnection<Output: Sendable>(
        _ body: @Sendable (isolated Connection) async throws -> Output
    ) async throws -> Output {
        try await lend { connection in try await connection.run(body) }
    }

    /// Lends a connection to `body` in a transaction, as `Connection.transaction`.
    public func transaction<Output: Sendable>(
        _ begin: String = "BEGIN", _ body: @Sendable (isolated Connection) async throws -> Output
    ) async throws -> Output {
        try await lend { connection in try await connection.transaction(begin, body) }
    }

    /// All rows of a query, on any connection.
    public func fetchAll<Output>(_ query: Query<Output>) async throws -> [Output] {
        try await withConnection { connection in try connection.fetchAll(query) }
    }

    /// The only row of a query or nil, on any connection.
    public func fetchOptional<Output>(_ query: Query<Output>) async throws -> Output? {
        try await withConnection { connection in try connection.fetchOptional(query) }
    }

    /// The only row of a query, on any connection.
    public func fetchOne<Output>(_ query: Query<Output>) async throws -> Output {
        try await withConnection { connection in try connection.fetchOne(query) }
    }

    /// Runs a command on any connection; answers how many rows it touched.
    @discardableResult
    public func execute(_ command: Command) async throws -> Int {
        try await withConnection { connection in try connection.execute(command) }
    }

    /// Lends nothing more and disconnects; what is lent is closed when it comes back.
    public func close() async {
        isClosed = true
        for waiter in waiting { waiter.continuation.resume(returning: .closed) }
        waiting = []
        let closing = idle
        idle = []
        for connection in closing { await connection.close() }
    }

    // MARK: - Lending

    private func lend<Output: Sendable>(
        _ body: @Sendable (Connection) async throws -> Output
    ) async throws -> Output {
        try await waitForTurn()
        let connection: Connection
        do {
            connection = try await take()
        } catch {
            passOn()
            throw error
        }
        do {
            let output = try await body(connection)
            await giveBack(connection)
            return output
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Returns when this user is counted as one that is lent a connection.
    private func waitForTurn() async throws(PostgresError) {
        if takeTurn() { return }
        lastWaiter += 1
        let id = lastWaiter
        let timer = Task { [wait] in
            try await Task.sleep(for: wait)
            stopWaiting(id, .timedOut)
        }
        defer { timer.cancel() }
        let turn = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Turn, Never>) in
                // Looked at again where it is acted upon, so that nobody else comes in between.
                if Task.isCancelled {
                    continuation.resume(returning: .cancelled)
                } else if isClosed {
                    continuation.resume(returning: .closed)
                } else if takeTurn() {
                    continuation.resume(returning: .granted)
                } else {
                    waiting.append(Waiter(id: id, continuation: continuation))
                }
            }
        } onCancel: {
            Task { await self.stopWaiting(id, .cancelled) }
        }
        switch turn {
        case .granted: return
        case .timedOut: throw .busy(waited: wait)
        case .cancelled: throw .cancelled(query: "pool")
        case .closed: throw .unavailable(reason: "the pool is closed")
        }
    }

    private func takeTurn() -> Bool {
        guard !isClosed, lent < limit, waiting.isEmpty else { return false }
        lent += 1
        return true
    }

    private func stopWaiting(_ id: UInt64, _ turn: Turn) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).continuation.resume(returning: turn)
    }

    /// Hands the turn of a user that is done to the next in line.
    private func passOn() {
        if waiting.isEmpty {
            lent -= 1
        } else {
            waiting.removeFirst().continuation.resume(returning: .granted)
        }
    }

    private func take() async throws(PostgresError) -> Connection {
        while let connection = idle.popLast() {
            if await connection.isAlive { return connection }
            await connection.close()
        }
        return try await Connection.open(url, setup: setup)
    }

    private func giveBack(_ connection: Connection) async {
        let isClean = await connection.tidy()
        if isClean, !isClosed {
            idle.append(connection)
        } else {
            await connection.close()
        }
        passOn()
    }
}

extension Connection {
    /// Ends what a user left open; false where the connection is of no further use.
    func tidy() -> Bool {
        rollBack()
        return isUsable
    }
}
