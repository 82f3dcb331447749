import FoundationEssentials
import Postgres
import Queries
import ShareServers
import TransparencyLog

/// What a lane's head says.
struct Head: Sendable {
    var frontier: Frontier
    var recordedAt: Timestamp
    var size: Int64 { Int64(frontier.size) }
}

extension Batch {
    /// Entries that one statement appends sooner than a transaction with two copies.
    ///
    /// Source: measured; up to here the time of a commit is that of its round trips.
    static let fewEntries = 32

    /// Appends the batch in one round trip, commit included, where it is small, all of it is new, and the head is as this
    /// writer left it; else appends nothing and answers nil.
    ///
    /// - Source: `queries/log/append_few.sql`
    func appendFew(after head: Head, on connection: isolated Connection) throws -> Appended? {
        let fresh = Array(pieces.joined())
        guard fresh.count <= Self.fewEntries, head.size + Int64(fresh.count) <= partitioned,
            Set(fresh.map(\.key)).count == fresh.count
        else { return nil }
        var moved = Head(frontier: head.frontier, recordedAt: max(Timestamp.now, head.recordedAt))
        var subtrees: [Subtree] = []
        var (leaves, bodies) = ([Bytes](), [String]())
        for event in fresh.map(\.event) {
            let body = event.body(recordedAt: moved.recordedAt)
            let leaf = Merkle.leaf(body)
            moved.frontier.append(leaf) { subtrees.append($0) }
            leaves.append(Bytes(leaf.bytes))
            bodies.append(String(decoding: body, as: UTF8.self))
        }
        let index = fresh.map(\.event.index)
        let query = Queries.Log.appendFew(
            lane: lane.number, formerSize: head.size, formerFrontier: Bytes(head.frontier.bytes),
            formerRecordedAt: head.recordedAt, frontier: Bytes(moved.frontier.bytes),
            root: Bytes(moved.frontier.root.bytes), recordedAt: moved.recordedAt,
            occurredAt: fresh.map(\.event.time), serverIds: fresh.map(\.event.serverID),
            httpStatuses: index.map(\.httpStatus), types: fresh.map(\.event.type), operations: index.map(\.operation),
            statuses: index.map(\.status), requestIds: index.map(\.requestID), actorUserIds: index.map(\.actorUserID),
            projectIds: index.map(\.projectID), hosts: index.map(\.host), leafHashes: leaves, bodies: bodies,
            eventKeys: fresh.map(\.key), contentHashes: fresh.map { Bytes($0.contentHash) },
            levels: subtrees.map { Int16($0.level) }, indexes: subtrees.map { Int64($0.index) },
            hashes: subtrees.map { Bytes($0.hash.bytes) })
        guard try connection.fetchOptional(query) != nil else { return nil }
        var position = head.size
        let receipts = pieces.map { piece in
            piece.map { _ in
                defer { position += 1 }
                return Receipt(outcome: .appended, position: Position(lane: lane, index: position))
            }
        }
        return Appended(receipts: receipts, head: moved, partitioned: partitioned)
    }
}
