import FoundationEssentials
import Postgres
import Queries
import ShareServers
import TransparencyLog

/// An event with what tells whether the log has it; both are hashed before the head of the lane is locked.
struct Candidate: Sendable {
    let event: Event
    let key: UUID
    let contentHash: [UInt8]

    init(_ event: Event) {
        self.event = event
        key = event.key
        contentHash = event.contentHash
    }
}

/// The events of one commit, in the order in which they are to stand.
struct Batch: Sendable {
    let lane: Lane
    let pieces: [[Candidate]]
    /// The first position that is not known to have a partition.
    let partitioned: Int64

    struct Appended: Sendable {
        let receipts: [[Receipt]]
        /// As it is now.
        let head: Head
        let partitioned: Int64
    }

    /// Bytes of binary COPY that are gathered before they are handed to libpq.
    ///
    /// Source: measured; from 64 KiB on, larger makes no difference, and the server works while the next is encoded.
    private static let copyBytes = 128 << 10

    /// Appends what the log has not, within the transaction of `connection`: locks the head, drops known events,
    /// gives positions and the recorded time, hashes, writes, moves the head.
    func append(on connection: isolated Connection) async throws -> Appended {
        let head = try connection.fetchOne(Queries.Log.lockHead(lane: lane.number))
        // A time that no entry can have been recorded at would be every later entry's.
        guard var frontier = Frontier(size: UInt64(head.size), bytes: head.frontier.bytes), head.recordedAt <= .latest
        else {
            throw LogError.damaged(lane: lane)
        }
        let plan = try plan(from: head.size, on: connection)
        guard !plan.fresh.isEmpty else {
            return Appended(
                receipts: plan.receipts, head: Head(frontier: frontier, recordedAt: head.recordedAt),
                partitioned: partitioned)
        }
        let size = head.size + Int64(plan.fresh.count)
        var partitioned = partitioned
        if size > partitioned {
            partitioned = try connection.fetchOne(Queries.Log.createPartitions(until: size)).until
        }
        let recordedAt = max(Timestamp.now, head.recordedAt)
        let subtrees = try await copyEntries(
            plan.fresh, from: head.size, recordedAt: recordedAt, frontier: &frontier, on: connection)
        try await copyKeys(plan.fresh, from: head.size, on: connection)
        if !subtrees.isEmpty {
            try connection.execute(
                Queries.Log.appendSubtrees(
                    lane: lane.number, levels: subtrees.map { Int16($0.level) },
                    indexes: subtrees.map { Int64($0.index) }, hashes: subtrees.map { Bytes($0.hash.bytes) }))
        }
        _ = try connection.fetchOne(
            Queries.Log.advanceHead(
                lane: lane.number, size: size, frontier: Bytes(frontier.bytes), root: Bytes(frontier.root.bytes),
                recordedAt: recordedAt))
        return Appended(
            receipts: plan.receipts, head: Head(frontier: frontier, recordedAt: recordedAt), partitioned: partitioned)
    }

    // MARK: What is new

    /// Receipts for every event, and the events that are not in the log.
    private func plan(
        from size: Int64, on connection: isolated Connection
    ) throws -> (receipts: [[Receipt]], fresh: [Candidate]) {
        let rows = try connection.fetchAll(Queries.Log.fetchKeys(eventKeys: pieces.joined().map(\.key)))
        var known: [UUID: (position: Position, contentHash: [UInt8])] = [:]
        known.reserveCapacity(rows.count)
        for row in rows where known[row.eventKey] == nil || row.lane == lane.number {
            known[row.eventKey] = (Position(lane: Lane(row.lane), index: row.position), row.contentHash.bytes)
        }
        var fresh: [Candidate] = []
        fresh.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        let receipts = pieces.map { piece in
            piece.map { candidate in
                if let former = known[candidate.key] {
                    return Receipt(
                        outcome: former.contentHash == candidate.contentHash ? .known : .conflict,
                        position: former.position)
                }
                let position = Position(lane: lane, index: size + Int64(fresh.count))
                known[candidate.key] = (position, candidate.contentHash)
                fresh.append(candidate)
                return Receipt(outcome: .appended, position: position)
            }
        }
        return (receipts, fresh)
    }

    // MARK: Writing

    private func copyEntries(
        _ fresh: [Candidate], from size: Int64, recordedAt: Timestamp, frontier: inout Frontier,
        on connection: isolated Connection
    ) async throws -> [Subtree] {
        var tree = frontier
        var subtrees: [Subtree] = []
        var rows = CopyWriter()
        var body: [UInt8] = []
        try connection.copyIn(Queries.Log.appendEntries()) { connection throws(PostgresError) in
            for (offset, fresh) in fresh.enumerated() {
                let event = fresh.event
                body.removeAll(keepingCapacity: true)
                event.appendBody(recordedAt: recordedAt, to: &body)
                let leaf = Merkle.leaf(body)
                tree.append(leaf) { subtrees.append($0) }
                rows.beginRow(fields: 15)
                rows.append(lane.number)
                rows.append(size + Int64(offset))
                rows.append(event.time)
                rows.append(recordedAt)
                rows.append(event.serverID)
                rows.append(event.index.httpStatus)
                rows.append(event.type)
                rows.append(event.index.operation)
                rows.append(event.index.status)
                rows.append(event.index.requestID)
                rows.append(event.index.actorUserID)
                rows.append(event.index.projectID)
                rows.append(event.index.host)
                rows.append(bytes: leaf.bytes)
                rows.append(bytes: body)
                if rows.count >= Self.copyBytes { try connection.copyData(&rows) }
            }
            try connection.copyData(&rows)
        }
        frontier = tree
        return subtrees
    }

    private func copyKeys(_ fresh: [Candidate], from size: Int64, on connection: isolated Connection) async throws {
        var rows = CopyWriter()
        try connection.copyIn(Queries.Log.appendKeys()) { connection throws(PostgresError) in
            for (offset, fresh) in fresh.enumerated() {
                rows.beginRow(fields: 4)
                rows.append(fresh.key)
                rows.append(lane.number)
                rows.append(size + Int64(offset))
                rows.append(bytes: fresh.contentHash)
                if rows.count >= Self.copyBytes { try connection.copyData(&rows) }
            }
            try connection.copyData(&rows)
        }
    }
}
