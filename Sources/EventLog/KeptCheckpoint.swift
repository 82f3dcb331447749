public import Postgres
import Queries
public import TransparencyLog

/// A checkpoint that the log keeps, as it was signed, with every signature that came later.
public struct KeptCheckpoint: Sendable, Hashable {
    public let lane: Lane
    /// What the columns say, which whoever can write to the table chose: the note must say the same.
    public let size: Int64
    public let root: MerkleHash
    public let note: SignedNote
    public let madeAt: Timestamp

    /// The largest checkpoints of a lane, the largest first.
    ///
    /// - Parameters:
    ///   - before: Only those of fewer entries.
    ///   - limit: Rows.
    /// - Throws: `LogError.contradicted` where one is no note any more, `PostgresError`.
    /// - Source: `queries/checkpoints/fetch_checkpoints.sql`
    public static func fetch(
        lane: Lane, before: Int64? = nil, limit: Int32, on connection: isolated Connection
    ) throws -> [KeptCheckpoint] {
        let rows = try connection.fetchAll(
            Queries.Checkpoints.fetchCheckpoints(lane: lane.number, before: before, limit: limit))
        return try rows.map { row in
            do throws(TransparencyError) {
                guard let root = MerkleHash(row.root.bytes) else { throw .malformed("its root is not 32 bytes") }
                var later: [NoteSignature] = []
                for line in row.lines { later.append(try NoteSignature(line: line)) }
                return KeptCheckpoint(
                    lane: lane, size: row.size, root: root,
                    note: try SignedNote(Array(row.note.utf8)).adding(later), madeAt: row.madeAt)
            } catch {
                throw LogError.contradicted(lane: lane, reason: "the kept checkpoint of size \(row.size): \(error)")
            }
        }
    }

    /// The largest checkpoint of a lane; nil where there is none yet.
    ///
    /// - Throws: As `fetch`.
    public static func newest(of lane: Lane, on connection: isolated Connection) throws -> KeptCheckpoint? {
        try fetch(lane: lane, limit: 1, on: connection).first
    }

    /// Keeps signatures that came later; those of whom has signed it before are left out.
    ///
    /// - Source: `queries/checkpoints/append_signatures.sql`
    public static func append(
        _ signatures: [NoteSignature], lane: Lane, size: Int64, on connection: isolated Connection
    ) throws(PostgresError) {
        guard !signatures.isEmpty else { return }
        try connection.execute(
            Queries.Checkpoints.appendSignatures(
                lane: lane.number, size: size, signers: signatures.map(\.signer),
                lines: signatures.map { String($0.line.dropLast()) }))
    }

    /// The largest size of a lane that a signer signed later, as far as is known.
    ///
    /// - Source: `queries/checkpoints/fetch_signed_size.sql`
    public static func size(
        signedBy key: VerifierKey, lane: Lane, on connection: isolated Connection
    ) throws(PostgresError) -> Int64? {
        try connection.fetchOptional(
            Queries.Checkpoints.fetchSignedSize(lane: lane.number, signer: key.signer))?.size
    }
}

extension NoteSignature {
    /// Tells one signer from another: name and id.
    fileprivate var signer: String { "\(name)+\(keyID)" }
}

extension VerifierKey {
    fileprivate var signer: String { "\(name)+\(id)" }
}
