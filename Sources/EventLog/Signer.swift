public import Postgres
import Queries
public import TransparencyLog

/// Who signs for a log: one name, and the keys that sign by it, several while they change.
///
/// Each lane is a log of its own to those who check it, and each signature is by the name of its origin.
public struct Signer: Sendable {
    /// The name of the whole log.
    public let origin: String
    private let keys: [SigningKey]
    private let lanes: Int16

    /// - Parameters:
    ///   - keys: At least one, all by the same name, of the type `.ed25519`.
    ///   - lanes: Of the log.
    public init(keys: [SigningKey], lanes: Int16) {
        precondition(!keys.isEmpty && Set(keys.map(\.name)).count == 1, "the keys of a log have one name")
        origin = keys[0].name
        self.keys = keys
        self.lanes = lanes
    }

    /// What a lane is called in its checkpoints: the bare name where there is one lane.
    public static func origin(_ name: String, lane: Lane, lanes: Int16) -> String {
        lanes == 1 ? name : "\(name)/lane/\(lane)"
    }

    public func origin(of lane: Lane) -> String { Self.origin(origin, lane: lane, lanes: lanes) }
    public func verifierKeys(of lane: Lane) -> [VerifierKey] { keys(of: lane).map(\.verifierKey) }
    private func keys(of lane: Lane) -> [SigningKey] { keys.map { $0.named(origin(of: lane)) } }

    /// Makes a checkpoint of a lane as it is, where it is wanted, after holding the last ones against the log.
    ///
    /// To be called in a transaction, at its beginning: the right to sign for the lane is held until it ends. The file has
    /// the checkpoint, durably, before the database does, so that none leaves the building that the file lacks.
    ///
    /// - Parameters:
    ///   - isWanted: Told the newest checkpoint there is, and how many entries there are. A checkpoint of the same size is
    ///     not made twice; what keys of this signer it lacks is added.
    /// - Returns: The newest checkpoint after; nil where another process is making one.
    /// - Throws: `LogError.contradicted` where the log is shorter than, or other than, what was signed, or what was signed
    ///   is not by these keys: nothing is signed. `.file`, `.damaged`, and what PostgreSQL says.
    public func sign(
        _ lane: Lane, file: CheckpointFile?, on connection: isolated Connection,
        isWanted: (_ newest: KeptCheckpoint?, _ size: Int64) -> Bool
    ) throws -> KeptCheckpoint? {
        guard try connection.fetchOne(Queries.Checkpoints.lockLane(lane: lane.number)).isTaken else { return nil }
        let (newest, head) = try examine(lane, file: file, on: connection)
        if let file, let newest { try complete(file, with: newest, lane) }
        guard isWanted(newest, head.size) else { return newest }
        if let newest, newest.size == head.size {
            return try countersign(newest, file: file, on: connection)
        }
        guard let root = MerkleHash(head.root.bytes) else { throw LogError.damaged(lane: lane) }
        let checkpoint = try Checkpoint(origin: origin(of: lane), size: UInt64(head.size), root: root)
        let note = try checkpoint.signed(by: keys(of: lane))
        try file?.append(note)
        try connection.execute(
            Queries.Checkpoints.appendCheckpoint(
                lane: lane.number, size: head.size, root: head.root, note: note.description))
        return try KeptCheckpoint.newest(of: lane, on: connection)
    }

    /// Writes the database's newest checkpoint to the file where another process made it, or added keys that took over.
    private func complete(_ file: CheckpointFile, with newest: KeptCheckpoint, _ lane: Lane) throws {
        if let last = try file.newest(of: origin(of: lane)) {
            let size = try Checkpoint(text: last.text).size
            let lacksKeys =
                size == UInt64(newest.size) && missing(in: last, lane).count > missing(in: newest.note, lane).count
            guard size < UInt64(newest.size) || lacksKeys else { return }
        }
        try file.append(newest.note)
    }

    /// The keys that have not signed a note.
    private func missing(in note: SignedNote, _ lane: Lane) -> [SigningKey] {
        keys(of: lane).filter { key in
            !note.signatures.contains { $0.name == key.name && $0.keyID == key.verifierKey.id }
        }
    }

    /// Adds the signatures of keys that took over since a checkpoint was made.
    private func countersign(
        _ kept: KeptCheckpoint, file: CheckpointFile?, on connection: isolated Connection
    ) throws -> KeptCheckpoint? {
        let missing = missing(in: kept.note, kept.lane)
        guard !missing.isEmpty else { return kept }
        let signatures = try missing.map { try $0.sign(kept.note.text) }
        try file?.append(try kept.note.adding(signatures))
        try KeptCheckpoint.append(signatures, lane: kept.lane, size: kept.size, on: connection)
        return try KeptCheckpoint.newest(of: kept.lane, on: connection)
    }

    // MARK: - What was signed

    /// Holds the last checkpoints of a lane, that of the database and that of the file, against the log as it is now.
    ///
    /// - Returns: The newest of the database, and the head.
    /// - Throws: As `sign`.
    private func examine(
        _ lane: Lane, file: CheckpointFile?, on connection: isolated Connection
    ) throws -> (newest: KeptCheckpoint?, head: Queries.Log.FetchHead) {
        let newest = try KeptCheckpoint.newest(of: lane, on: connection)
        let inFile = try file?.newest(of: origin(of: lane))
        // After the checkpoints: the log only grows, and must have what they say.
        guard let head = try connection.fetchOptional(Queries.Log.fetchHead(lane: lane.number)) else {
            throw LogError.damaged(lane: lane)
        }
        let tree = KeptTree(lane: lane)
        guard try tree.root(of: head.size, on: connection).bytes == head.root.bytes else {
            throw LogError.contradicted(lane: lane, reason: "its head is not the root over its hashes")
        }
        if let newest {
            let checkpoint = try check(newest.note, "the database's last checkpoint", lane, head, on: connection)
            guard checkpoint.size == UInt64(newest.size), checkpoint.root == newest.root else {
                throw LogError.contradicted(
                    lane: lane, reason: "the database's last checkpoint says another size or root than its row")
            }
        }
        if let inFile { _ = try check(inFile, "the file's last checkpoint", lane, head, on: connection) }
        return (newest, head)
    }

    private func check(
        _ note: SignedNote, _ what: String, _ lane: Lane, _ head: Queries.Log.FetchHead,
        on connection: isolated Connection
    ) throws -> Checkpoint {
        func contradicted(_ reason: String) -> LogError { .contradicted(lane: lane, reason: "\(what) \(reason)") }
        let checkpoint: Checkpoint
        do throws(TransparencyError) {
            checkpoint = try Checkpoint.verified(note, by: verifierKeys(of: lane))
        } catch .unknownSigners {
            throw contradicted("is signed by none of the keys that are given; while keys change, give both")
        } catch {
            throw contradicted("does not verify: \(error)")
        }
        guard checkpoint.origin == origin(of: lane) else { throw contradicted("is of \(checkpoint.origin)") }
        guard let size = Int64(exactly: checkpoint.size), size <= head.size else {
            throw contradicted("has \(checkpoint.size) entries, and the log only \(head.size): it was cut, or restored")
        }
        let path = try KeptTree(lane: lane).consistency(from: size, to: head.size, on: connection)
        guard let root = MerkleHash(head.root.bytes),
            Proof.verifyConsistency(
                from: checkpoint.size, root: checkpoint.root, to: UInt64(head.size), root: root, path: path)
        else { throw contradicted("of \(size) entries has another root than they have now: the log was forked") }
        return checkpoint
    }
}
