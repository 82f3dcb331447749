import EventLog
import Postgres
import Queries
import TransparencyLog

extension Verify {
    /// The checkpoints that are given, each by a known key.
    func signed() async throws -> [Checkpoint] {
        guard let checkpoint else { return [] }
        let keys = try verifier.keys()
        return try await Evidence.checkpoints(checkpoint, by: keys)
    }

    /// Holds the lines of an export against what was signed of them.
    func verify(export: String, checkpoint: String) async throws {
        let checkpoints = try await signed()
        guard Set(checkpoints.map(\.origin)).count == 1 else {
            throw Failure("the checkpoints are of several lanes", advice: "Give those of the lane that was exported.")
        }
        var verification = ExportVerification(checkpoints)
        let rest = try await FileLines.lines(export) { try verification.take($0) }
        let found = try verification.finish()
        let more =
            found.lines > found.signed
            ? " The \(Int64(found.lines - found.signed).grouped) lines after them are younger: nothing vouches for them yet."
            : ""
        try await Output.standard.write(
            "\(Int64(found.signed).grouped) entries are those that \(checkpoints[0].origin) signed.\(more)\n"
                .escapedLine)
        if rest > 0 {
            try await Output.diagnostics.write("The last \(rest) bytes are no whole line, and were not looked at.\n")
        }
    }

    /// What of the checkpoints is not so in the lanes that were verified; and which are of none of them.
    func compare(
        _ checkpoints: [Checkpoint], with verifications: [Verification], _ pool: Pool
    ) async throws -> [String] {
        guard !checkpoints.isEmpty else { return [] }
        let names = try verifier.keys().map(\.name)
        let lanes = Int16(try await pool.fetchAll(Queries.Log.fetchHeads()).count)
        var contradictions: [String] = []
        for checkpoint in checkpoints {
            let lane = (0..<lanes).map { Lane($0) }.first { lane in
                // Of the key of the whole log, or of the lane's own.
                names.contains { name in
                    Signer.origin(name, lane: lane, lanes: lanes) == checkpoint.origin
                        || lanes > 1 && name == checkpoint.origin && name.hasSuffix("/lane/\(lane)")
                }
            }
            guard let lane else {
                contradictions.append("the checkpoint is of \(checkpoint.origin), which is no lane of this log")
                continue
            }
            // A lane that was not asked for, or of which worse is known.
            guard let verification = verifications.first(where: { $0.lane == lane }), verification.fault == nil else {
                continue
            }
            let what = "lane \(lane) is not what was signed of its first \(checkpoint.size) entries"
            guard let size = Int64(exactly: checkpoint.size), size <= verification.entries else {
                contradictions.append("\(what): it has only \(verification.entries)")
                continue
            }
            let root = try await pool.withConnection { connection in
                try KeptTree(lane: lane).root(of: size, on: connection)
            }
            if root != checkpoint.root { contradictions.append("\(what): their root is another") }
        }
        return contradictions
    }
}
