import Postgres
import Queries
public import Schema
public import ShareServers

/// The append-only log: takes events, answers when they are durable.
///
/// One writer a lane in this process; any number of processes may append to the same log.
public final class Log: Sendable {
    /// Fixed when the log was created.
    public let lanes: Int16
    /// The installation's key for replacing secrets, 32 bytes.
    public let redactionKey: [UInt8]
    /// Whom the database takes this process for.
    public let rights: Rights
    private let writers: [LaneWriter]
    /// Connects when something is first asked of the log.
    let reading: Pool
    let patience: Duration

    private init(
        settings: Queries.Log.FetchSettings, key: [UInt8], rights: Rights, writers: [LaneWriter], reading: Pool,
        patience: Duration
    ) {
        lanes = settings.lanes
        redactionKey = key
        self.rights = rights
        self.writers = writers
        self.reading = reading
        self.patience = patience
    }

    /// Opens the log of a migrated database.
    ///
    /// - Parameters:
    ///   - url: A connection as a member of `dossier_writer` and `dossier_reader`; the log gives up every other right.
    ///   - roles: Whatever else this process works as: what is wrong with its user is told at once.
    ///   - patience: How long an append or a question goes on trying while PostgreSQL is away.
    ///   - stall: How long PostgreSQL may take to append a batch before it counts as away for all that wait.
    /// - Throws: `.notCreated` where there is no log; `.lacking` where the user may not become one of the roles;
    ///   `.unavailable` where the database cannot be asked.
    public static func open(
        url: String, as roles: [Role] = [.writer, .reader], patience: Duration = .seconds(5),
        stall: Duration = .seconds(60)
    ) async throws(LogError) -> Log {
        do {
            let connection = try await Connection.open(url)
            let found: Found?
            do {
                found = try await connection.run { connection in try find(as: roles, on: connection) }
                await connection.close()
            } catch {
                await connection.close()
                throw error
            }
            guard let found else { throw LogError.notCreated }
            let writers = (0..<found.settings.lanes).map { number in
                LaneWriter(
                    lane: Lane(number), url: url, partitionEntries: found.settings.partitionEntries, patience: patience,
                    stall: stall)
            }
            let reading = Pool(
                url: url, limit: 2,
                setup: [
                    Role.reader.setup, "SET statement_timeout = '60s'",
                    "SET application_name = 'dossier recall'",
                ])
            return Log(
                settings: found.settings, key: found.key, rights: found.rights, writers: writers, reading: reading,
                patience: patience)
        } catch {
            throw LogError(error)
        }
    }

    /// What a database has of a log.
    private struct Found {
        let settings: Queries.Log.FetchSettings
        let key: [UInt8]
        let rights: Rights
    }

    /// Nil where there is no log.
    private static func find(as roles: [Role], on connection: isolated Connection) throws -> Found? {
        let rights = try Rights.fetch(roles, on: connection)
        guard rights.isLogCreated else { return nil }
        guard rights.lacking.isEmpty else { throw LogError.lacking(user: rights.user, roles: rights.lacking) }
        // A user that inherits nothing sees nothing of the schema before.
        try connection.execute(Role.writer.setup)
        guard try connection.fetchOne(Queries.Schema.fetchMigrationsExist()).exist,
            let settings = try connection.fetchOptional(Queries.Log.fetchSettings())
        else { return nil }
        let key = try connection.fetchOne(Queries.Log.fetchRedactionKey()).key.bytes
        return Found(settings: settings, key: key, rights: rights)
    }

    /// Appends `events` in order and returns once they are durable.
    ///
    /// Events of one lane keep their order. A batch is no transaction: where the call throws, some of it may be in the
    /// log; appending it again is safe.
    ///
    /// - Parameter events: Any number; more than a batch takes are appended in several.
    /// - Returns: One receipt an event, same order; a known event keeps its first position.
    /// - Throws: `.unavailable` and `.busy` (append again), `.closed`, `.cancelled`, `.refused`, `.damaged`.
    /// - Source: `queries/log/lock_head.sql`, `queries/log/append_entries.sql`
    public func append(_ events: [Event]) async throws(LogError) -> [Receipt] {
        try await submit(events).receipts()
    }

    /// Takes `events` into the queue, waiting while it is full, and returns before they are durable.
    ///
    /// What is submitted first stands first in the log.
    ///
    /// - Throws: `.cancelled` where the task was cancelled while waiting for room; `.closed`.
    public func submit(_ events: [Event]) async throws(LogError) -> Submission {
        guard lanes > 1 else {
            return Submission(
                count: events.count, pieces: try await pieces(of: events, for: writers[0]).map { ($0, nil) })
        }
        var byLane: [Lane: (events: [Event], places: [Int])] = [:]
        for (place, event) in events.enumerated() {
            let lane = Lane(of: event.serverID, lanes: lanes)
            byLane[lane, default: ([], [])].events.append(event)
            byLane[lane, default: ([], [])].places.append(place)
        }
        var pieces: [(Promise<[Receipt]>, [Int]?)] = []
        for (lane, part) in byLane.sorted(by: { $0.key < $1.key }) {
            var places = part.places[...]
            for promise in try await self.pieces(of: part.events, for: writers[Int(lane.number)]) {
                pieces.append((promise, Array(places.prefix(LaneWriter.pieceEntries))))
                places = places.dropFirst(LaneWriter.pieceEntries)
            }
        }
        return Submission(count: events.count, pieces: pieces)
    }

    private func pieces(of events: [Event], for writer: LaneWriter) async throws(LogError) -> [Promise<[Receipt]>] {
        guard events.count > LaneWriter.pieceEntries else {
            return [try await writer.submit(events.map(Candidate.init))]
        }
        var promises: [Promise<[Receipt]>] = []
        for start in stride(from: 0, to: events.count, by: LaneWriter.pieceEntries) {
            let end = min(start + LaneWriter.pieceEntries, events.count)
            promises.append(try await writer.submit(events[start..<end].map(Candidate.init)))
        }
        return promises
    }

    /// Takes no more events, waits until all that were taken are durable (or have failed), and disconnects.
    public func close() async {
        for writer in writers { await writer.close() }
        await reading.close()
    }
}

/// Events on their way into the log.
public struct Submission: Sendable {
    let count: Int
    /// Receipts by parts, each with the places of its events in what was submitted (nil: in order).
    let pieces: [(Promise<[Receipt]>, [Int]?)]

    /// One receipt an event, in the order submitted, once all are durable.
    ///
    /// - Throws: As `Log.append`; some of the events may be in the log all the same.
    public func receipts() async throws(LogError) -> [Receipt] {
        if pieces.count == 1, pieces[0].1 == nil { return try await pieces[0].0.value }
        var receipts: [Receipt?] = Array(repeating: nil, count: count)
        var next = 0
        for (promise, places) in pieces {
            for (index, receipt) in try await promise.value.enumerated() {
                receipts[places?[index] ?? next] = receipt
                next += 1
            }
        }
        return receipts.compactMap { $0 }
    }
}
