import FoundationEssentials
import Postgres
import Queries
import ShareServers
import TransparencyLog

/// A walk along a lane, entry by entry, that stops at the first that is not what it was.
struct VerificationWalk {
    let lane: Lane
    let lanes: Int16
    /// What the log recorded of its complete subtrees, by level and index; each is taken out when it is reached.
    private var recorded: [Place: [UInt8]]
    private var frontier = Frontier()
    private var signed: SignedPrefixes
    /// The tree before the block of 256, of 65,536, … entries that is under way.
    private var beforeBlock: [Frontier] = []
    /// The tree before the rows that were fetched last, and the leaves that they added.
    private var beforeRows = Frontier()
    private var leaves: [MerkleHash] = []
    private var recordedAt = Timestamp(microseconds: .min)

    private struct Place: Hashable {
        let level: Int
        let index: Int64
    }

    init(lane: Lane, lanes: Int16, signed: SignedPrefixes, subtrees: [Queries.Log.FetchSubtrees]) {
        self.lane = lane
        self.lanes = lanes
        self.signed = signed
        self.signed.compare(with: frontier)
        recorded = Dictionary(
            subtrees.map { (Place(level: Int($0.level), index: $0.index), $0.hash.bytes) },
            uniquingKeysWith: { a, _ in a })
    }

    /// - Parameter fault: What the lane itself showed.
    func verification(_ fault: Verification.Fault?) -> Verification {
        let fault = signed.first(fault, of: lane)
        let sound = fault.map { tree(before: UInt64($0.position.index)) } ?? frontier
        return Verification(lane: lane, entries: Int64(sound.size), root: sound.root.bytes, fault: fault)
    }

    /// The tree over the entries before `index`, or over fewer where the walk has forgotten it.
    private func tree(before index: UInt64) -> Frontier {
        let known = (beforeBlock + [beforeRows, frontier, signed.agreed]).filter { $0.size <= index }
        guard var tree = known.max(by: { $0.size < $1.size }) else { return Frontier() }
        while tree.size < index, tree.size >= beforeRows.size, case let next = Int(tree.size - beforeRows.size),
            next < leaves.count
        { tree.append(leaves[next]) }
        return tree
    }

    private func fault(_ index: Int64, span: Int64 = 1, _ reason: String) -> Verification.Fault {
        Verification.Fault(position: Position(lane: lane, index: index), span: span, reason: reason)
    }

    // MARK: Entries

    /// Takes the rows from where the walk stands to `until`.
    mutating func take(
        _ rows: [Queries.Log.FetchEntriesWhole], until: Int64, on connection: isolated Connection
    ) throws -> Verification.Fault? {
        beforeRows = frontier
        leaves = []
        var events: [Event] = []
        events.reserveCapacity(rows.count)
        var found: Verification.Fault?
        for row in rows {
            let expected = Int64(frontier.size)
            guard row.position == expected else {
                found = fault(expected, "it is missing; the next one there is, is \(lane)/\(row.position)")
                break
            }
            do throws(Reason) {
                let (event, leaf) = try check(row)
                // Before the tree, which may only tell that one of many is bad, where its key tells that it is this one.
                events.append(event)
                try append(leaf)
            } catch {
                found = fault(error.first ?? row.position, span: error.span, error.text)
                break
            }
        }
        if found == nil, Int64(frontier.size) < until {
            found = fault(Int64(frontier.size), "it is missing")
        }
        // An earlier entry may be bad in its key alone.
        let first = until - Int64(max(rows.count, 1))
        let start = rows.first?.position ?? first
        return try checkKeys(events, from: start, on: connection) ?? found
    }

    private struct Reason: Error {
        let text: String
        /// Where the bad entry is one of several: the first of them, and how many they are.
        var first: Int64?
        var span: Int64 = 1
    }

    /// The row's event and leaf, where everything beside its body agrees with it.
    private mutating func check(
        _ row: Queries.Log.FetchEntriesWhole
    ) throws(Reason) -> (event: Event, leaf: MerkleHash) {
        let stored: (event: Event, recordedAt: Timestamp)
        do throws(EventError) {
            stored = try Event.stored(row.body.bytes)
        } catch {
            throw Reason(text: "its body is not the canonical form of an event: \(error)")
        }
        let leaf = Merkle.leaf(row.body.bytes)
        guard leaf.bytes == row.leafHash.bytes else { throw Reason(text: "its body does not hash to its leaf hash") }
        if let column = disagreement(row, stored.event, stored.recordedAt) {
            throw Reason(text: "column \(column) does not agree with its body")
        }
        guard Lane(of: stored.event.serverID, lanes: lanes) == lane else {
            throw Reason(text: "its server belongs to lane \(Lane(of: stored.event.serverID, lanes: lanes))")
        }
        guard stored.recordedAt >= recordedAt else {
            throw Reason(
                text: "their recorded times run backwards", first: max(0, row.position - 1),
                span: min(2, row.position + 1))
        }
        recordedAt = stored.recordedAt
        return (stored.event, leaf)
    }

    /// Appends a leaf, and compares the blocks that it completes with what was recorded of them.
    private mutating func append(_ leaf: MerkleHash) throws(Reason) {
        keepBlocks()
        var mismatch: Subtree?
        frontier.append(leaf) { subtree in
            let place = Place(level: subtree.level, index: Int64(subtree.index))
            if recorded.removeValue(forKey: place) != subtree.hash.bytes, mismatch == nil { mismatch = subtree }
        }
        signed.compare(with: frontier)
        if let mismatch {
            let span = Int64(1) << (Subtree.height * mismatch.level)
            throw Reason(
                text: "together they do not hash to what was recorded of them", first: Int64(mismatch.index) * span,
                span: span)
        }
        leaves.append(leaf)
    }

    /// Remembers the tree where a block begins.
    private mutating func keepBlocks() {
        var level = 0
        // No lane has 2^40 entries.
        while level < 5, frontier.size & (1 << UInt64(Subtree.height * (level + 1)) - 1) == 0 {
            if level < beforeBlock.count { beforeBlock[level] = frontier } else { beforeBlock.append(frontier) }
            level += 1
        }
    }

    /// The first index column that says something else than the body.
    private func disagreement(
        _ row: Queries.Log.FetchEntriesWhole, _ event: Event, _ recordedAt: Timestamp
    ) -> String? {
        let index = event.index
        let columns: [(String, Bool)] = [
            ("occurred_at", row.occurredAt == event.time),
            ("recorded_at", row.recordedAt == recordedAt),
            ("server_id", row.serverId == event.serverID),
            ("http_status", row.httpStatus == index.httpStatus),
            ("type", row.type == event.type),
            ("operation", row.operation == index.operation),
            ("status", row.status == index.status),
            ("request_id", row.requestId == index.requestID),
            ("actor_user_id", row.actorUserId == index.actorUserID),
            ("project_id", row.projectId == index.projectID),
            ("host", row.host == index.host),
        ]
        return columns.first { !$0.1 }?.0
    }

    private func checkKeys(
        _ events: [Event], from start: Int64, on connection: isolated Connection
    ) throws -> Verification.Fault? {
        guard !events.isEmpty else { return nil }
        let keys = events.map(\.key)
        let rows = try connection.fetchAll(Queries.Log.fetchKeys(eventKeys: keys))
        let byKey = Dictionary(
            rows.filter { $0.lane == lane.number }.map { ($0.eventKey, $0) }, uniquingKeysWith: { a, _ in a })
        for (offset, event) in events.enumerated() {
            let index = start + Int64(offset)
            guard let row = byKey[keys[offset]] else { return fault(index, "its event key is not recorded") }
            guard row.position == index else {
                return fault(index, "its event was recorded at \(lane)/\(row.position)")
            }
            guard row.contentHash.bytes == event.contentHash else {
                return fault(index, "its content is not what was recorded under its event key")
            }
        }
        return nil
    }

    // MARK: Head

    /// Compares the whole walk with the lane's head.
    func compare(
        with head: Queries.Log.FetchHeads, on connection: isolated Connection
    ) throws -> Verification.Fault? {
        if let beyond = try connection.fetchOptional(
            Queries.Log.fetchPositionsBeyond(lane: lane.number, from: head.size))
        {
            return fault(beyond.position, "it stands beyond the head, which counts \(head.size) entries")
        }
        let keys = try connection.fetchOne(Queries.Log.countKeys(lane: lane.number, lanes: lanes))
        guard keys.count == head.size else {
            return fault(min(keys.count, head.size), "the lane has \(head.size) entries but \(keys.count) event keys")
        }
        guard keys.stray == 0 else {
            return fault(head.size, "\(keys.stray) event keys, which keep events out, say lanes that there are not")
        }
        if let extra = recorded.keys.min(by: { ($0.level, $0.index) < ($1.level, $1.index) }) {
            return fault(
                head.size, "a subtree beyond the head is recorded (level \(extra.level), index \(extra.index))")
        }
        if let missing = signed.missing(of: lane, after: frontier) { return missing }
        // Complete blocks of 256 were compared with what was recorded: what is left is the unfinished one.
        let unfinished = head.size / 256 * 256
        guard frontier.bytes == head.frontier.bytes, frontier.root.bytes == head.root.bytes else {
            return fault(
                min(unfinished, max(head.size - 1, 0)), span: max(head.size - unfinished, 1),
                "the tree over the entries does not have the root of the head")
        }
        guard recordedAt == head.recordedAt || head.size == 0 else {
            return fault(head.size - 1, "the head says that the lane was last recorded to at \(head.recordedAt)")
        }
        return nil
    }
}
