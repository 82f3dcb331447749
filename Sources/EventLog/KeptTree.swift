public import Postgres
import Queries
public import TransparencyLog

/// The Merkle tree of a lane as the log keeps it: leaf hashes, and the hashes of complete subtrees.
///
/// What is made of it takes a few hundred hashes for each power of 256 of the lane's size, however long the lane is. It is
/// no proof that the bodies still hash to their leaf hashes: that is `Verification`'s.
public struct KeptTree: Sendable {
    public let lane: Lane

    public init(lane: Lane) { self.lane = lane }

    /// The root of the first `size` entries.
    ///
    /// - Throws: `LogError.damaged` where a hash is missing, `PostgresError`.
    public func root(of size: Int64, on connection: isolated Connection) throws -> MerkleHash {
        try hashes(of: [0..<UInt64(size)], on: connection)[0]
    }

    /// The path from an entry to the root of the first `size`.
    ///
    /// - Throws: `Proof.Fault` where there is none, `LogError.damaged`, `PostgresError`.
    /// - Source: RFC 6962, section 2.1.1.
    public func inclusion(
        of index: Int64, in size: Int64, on connection: isolated Connection
    ) throws -> [MerkleHash] {
        try hashes(of: Proof.inclusionNodes(of: UInt64(index), in: UInt64(size)), on: connection)
    }

    /// That the first `older` entries are a prefix of the first `newer`.
    ///
    /// - Throws: `Proof.Fault` where they cannot be, `LogError.damaged`, `PostgresError`.
    /// - Source: RFC 6962, section 2.1.2.
    public func consistency(
        from older: Int64, to newer: Int64, on connection: isolated Connection
    ) throws -> [MerkleHash] {
        try hashes(of: Proof.consistencyNodes(from: UInt64(older), to: UInt64(newer)), on: connection)
    }

    /// The hashes of nodes of the tree, each named by the leaves below it; in two statements, however many they are.
    ///
    /// - Source: `queries/log/fetch_subtree_hashes.sql`, `queries/log/fetch_leaf_hashes.sql`
    func hashes(of nodes: [Range<UInt64>], on connection: isolated Connection) throws -> [MerkleHash] {
        let spans = nodes.map(Cover.spans)
        let found = try fetch(Set(spans.joined()), on: connection)
        return try spans.map { spans in Cover.root(of: spans, try spans.map { try found.hashes($0, of: lane) }) }
    }

    /// What a tile holds.
    ///
    /// - Throws: `LogError.damaged` where some of it is missing, `PostgresError`.
    public func hashes(level: Int, _ indices: Range<UInt64>, on connection: isolated Connection) throws -> [MerkleHash]
    {
        let span = Span(level: level, indices: indices)
        return try fetch([span], on: connection).hashes(span, of: lane)
    }

    /// Hashes by level and index.
    private struct Found {
        var byLevel: [Int: [UInt64: MerkleHash]] = [:]

        func hashes(_ span: Span, of lane: Lane) throws(LogError) -> [MerkleHash] {
            var hashes: [MerkleHash] = []
            for index in span.indices {
                guard let hash = byLevel[span.level]?[index] else { throw .damaged(lane: lane) }
                hashes.append(hash)
            }
            return hashes
        }
    }

    private func fetch(_ spans: Set<Span>, on connection: isolated Connection) throws(PostgresError) -> Found {
        var found = Found()
        let leaves = spans.filter { $0.level == 0 }
        if !leaves.isEmpty {
            let rows = try connection.fetchAll(
                Queries.Log.fetchLeafHashes(
                    lane: lane.number, positions: leaves.flatMap { $0.indices.map { Int64($0) } }))
            found.byLevel[0] = Dictionary(
                rows.compactMap { row in MerkleHash(row.leafHash.bytes).map { (UInt64(row.position), $0) } },
                uniquingKeysWith: { one, _ in one })
        }
        let subtrees = spans.filter { $0.level > 0 }
        if !subtrees.isEmpty {
            let rows = try connection.fetchAll(
                Queries.Log.fetchSubtreeHashes(
                    lane: lane.number, levels: subtrees.map { Int16($0.level) },
                    from: subtrees.map { Int64($0.indices.lowerBound) },
                    until: subtrees.map { Int64($0.indices.upperBound) }))
            for row in rows {
                found.byLevel[Int(row.level), default: [:]][UInt64(row.index)] = MerkleHash(row.hash.bytes)
            }
        }
        return found
    }
}
