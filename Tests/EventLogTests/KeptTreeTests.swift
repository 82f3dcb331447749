import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Testing
import TransparencyLog

/// Proofs out of what the log keeps of its tree.
@Suite(.database, .timeLimit(.minutes(20))) struct KeptTreeTests {
    /// Leaves of a lane, and the tree over them as RFC 6962 defines it.
    private struct Leaves {
        let hashes: [MerkleHash]

        func root(_ size: Int) -> MerkleHash { Proof.root(0..<UInt64(size)) { hashes[Int($0)] } }
        func inclusion(_ index: Int, _ size: Int) throws -> [MerkleHash] {
            try Proof.inclusion(of: UInt64(index), in: UInt64(size)) { hashes[Int($0)] }
        }
        func consistency(_ older: Int, _ newer: Int) throws -> [MerkleHash] {
            try Proof.consistency(from: UInt64(older), to: UInt64(newer)) { hashes[Int($0)] }
        }
    }

    private func filled(_ count: Int) async throws -> (log: TestLog, leaves: Leaves) {
        let log = try await TestLog.open(lanes: 3)
        try await log.append(new: try Made.events(0..<count, of: log.server))
        await log.log.close()
        return (log, Leaves(hashes: try await log.export(log.lane).map { Merkle.leaf(Array($0.utf8)) }))
    }

    private func reading<Output: Sendable>(
        _ log: TestLog, _ body: @Sendable (isolated Connection) async throws -> Output
    ) async throws -> Output {
        let pool = log.reader()
        let result: Result<Output, any Error>
        do {
            result = .success(try await pool.transaction("BEGIN READ ONLY", body))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        return try result.get()
    }

    @Test("Roots, paths and consistency proofs of every size are those of the leaves, across two partitions")
    func all() async throws {
        let (log, leaves) = try await filled(1100)
        let tree = KeptTree(lane: log.lane)
        try await reading(log) { connection in
            for size in [0, 1, 2, 3, 255, 256, 257, 511, 512, 700, 999, 1000, 1001, 1024, 1100] {
                let root = try tree.root(of: Int64(size), on: connection)
                #expect(root == leaves.root(size), "\(size)")
                for index in [0, 1, 254, 255, 256, 511, 600, size - 1] where index >= 0 && index < size {
                    let path = try tree.inclusion(of: Int64(index), in: Int64(size), on: connection)
                    let wanted = try leaves.inclusion(index, size)
                    #expect(path == wanted, "\(index) of \(size)")
                    let proof = try tree.consistency(from: Int64(index), to: Int64(size), on: connection)
                    let expected = try leaves.consistency(index, size)
                    #expect(proof == expected, "\(index) to \(size)")
                }
            }
        }
        await #expect(throws: Proof.Fault.outOfRange) {
            try await reading(log) { connection in try tree.inclusion(of: 5, in: 5, on: connection) }
        }
        await #expect(throws: Proof.Fault.outOfRange) {
            try await reading(log) { connection in try tree.consistency(from: 6, to: 5, on: connection) }
        }
    }

    @Test("What is missing of the tree is told, not guessed")
    func missing() async throws {
        let (log, _) = try await filled(600)
        try await log.tamper("delete from dossier.subtrees where lane = \(log.lane) and index = 1")
        let lane = log.lane
        await #expect(throws: LogError.damaged(lane: lane)) {
            try await reading(log) { connection in try KeptTree(lane: lane).root(of: 600, on: connection) }
        }
        await #expect(throws: LogError.damaged(lane: lane)) {
            try await reading(log) { connection in try KeptTree(lane: lane).root(of: 601, on: connection) }
        }
    }
}
