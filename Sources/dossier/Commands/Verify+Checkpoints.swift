import EventLog
import Postgres
import Queries
import TransparencyLog

extension Verify {
    /// The checkpoints that are given, each by a known key.
    func signed() async throws -> [Checkpoint] {
        guard let checkpoint else { return [] }
        let keys = try verifier.keys()
        return try await Evidence.checkpoints(checkpoint, by: keys, lane: lane)
    }

    /// Holds the lines of an export against what was signed of them.
    func verify(export: String, checkpoint: String) async throws {
        let checkpoints = try await signed()
        guard Set(checkpoints.map(\.origin)).count == 1 else {
            throw Failure(
                "the checkpoints are of several lanes", advice: "Give --lane, as the export was made with.",
                status: .usage)
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

    /// The checkpoints by the lanes that they are of, and the origins that are no lane's.
    func assign(
        _ checkpoints: [Checkpoint], _ pool: Pool
    ) async throws -> (byLane: [Lane: [Checkpoint]], foreign: [String]) {
        guard !checkpoints.isEmpty else { return ([:], []) }
        let names = try verifier.keys().map(\.name)
        let lanes = Int16(try await pool.fetchAll(Queries.Log.fetchHeads()).count)
        var byLane: [Lane: [Checkpoint]] = [:]
        var foreign: [String] = []
        for checkpoint in checkpoints {
            let lane = (0..<lanes).map { Lane($0) }.first { lane in
                // Of the key of the whole log, or of the lane's own.
                names.contains { name in
                    Signer.origin(name, lane: lane, lanes: lanes) == checkpoint.origin
                        || lanes > 1 && name == checkpoint.origin && name.hasSuffix("/lane/\(lane)")
                }
            }
            if let lane { byLane[lane, default: []].append(checkpoint) } else { foreign.append(checkpoint.origin) }
        }
        return (byLane, foreign)
    }
}
