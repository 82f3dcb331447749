import ArgumentParser
import EventLog
import Postgres
import ShareServers
import TransparencyLog

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rehash the log against its tree; exit 2 at the first entry that was altered or removed.",
        discussion: """
            Compares every entry's bytes with its leaf hash, index columns and event key, and the tree over them with \
            the recorded subtrees and the head. Prints the root of each lane: keep it elsewhere, and compare.

            With --checkpoint, what was signed is compared as well. With --export too, the lines of an export are held \
            against it, without a database: nothing is needed but the log's verifier key.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Only this lane.", valueName: "lane"))
    var lane: Int16?

    @Option(
        help: ArgumentHelp("Compare with these signed checkpoints: one, or several.", valueName: "file"),
        completion: .file())
    var checkpoint: String?

    @Option(
        help: ArgumentHelp("Check what 'dossier export' wrote instead of a database.", valueName: "file"),
        completion: .file())
    var export: String?

    @OptionGroup var verifier: VerifierOptions

    func validate() throws {
        guard export == nil || checkpoint != nil else {
            throw ValidationError("--export needs --checkpoint: lines alone prove nothing.")
        }
        guard verifier.verifierKey.isEmpty || checkpoint != nil else {
            throw ValidationError("--verifier-key needs --checkpoint: there is nothing to check with it.")
        }
    }

    func run() async throws {
        if let export, let checkpoint {
            try await verify(export: export, checkpoint: checkpoint)
            return
        }
        let checkpoints = try await signed()
        let pool = try Pool.reading(url: try database.url())
        let verifications: [Verification]
        let foreign: [String]
        do {
            let signed = try await assign(checkpoints, pool)
            foreign = signed.foreign
            verifications = try await verify(pool, signed.byLane)
            await pool.close()
        } catch {
            await pool.close()
            throw error
        }
        try await write(verifications)
        for origin in foreign {
            try await Output.diagnostics.write(
                "dossier: the checkpoint is of \(origin), which is no lane of this log\n".escapedLine)
        }
        if !foreign.isEmpty || verifications.contains(where: { $0.fault != nil }) { throw ExitCode(.unverified) }
    }

    private func verify(_ pool: Pool, _ checkpoints: [Lane: [Checkpoint]]) async throws -> [Verification] {
        var verifications: [Verification] = []
        for lane in try await lanes(pool) {
            let bar = ProgressBar("Verifying lane \(lane)", unit: "entries")
            do {
                verifications.append(
                    try await Verification.verify(lane: lane, checkpoints: checkpoints[lane] ?? [], pool: pool) {
                        bar.report($0, of: $1)
                    })
                await bar.clear()
            } catch {
                await bar.clear()
                throw error
            }
        }
        return verifications
    }

    /// All lanes, those that should not be there included, or the one that is asked for.
    private func lanes(_ pool: Pool) async throws -> [Lane] {
        let lanes = try await Verification.lanes(pool: pool)
        guard let lane else { return lanes }
        guard lanes.contains(Lane(lane)) else { throw Failure.noLane(lane, lanes: lanes.map(\.number)) }
        return [Lane(lane)]
    }

    private func write(_ verifications: [Verification]) async throws {
        switch output.output {
        case .table:
            for verification in verifications {
                let line =
                    verification.fault.map { "lane \(verification.lane): does not verify: \($0)\n" }
                    ?? "lane \(verification.lane): \(verification.entries.grouped) entries verify, root "
                    + "\(verification.root.base64)\n"
                try await Output.standard.write(line.escapedLine)
            }
        case .json:
            try await Output.standard.write(JSON.array(verifications.map(\.json)).indented + "\n")
        case .csv:
            try await Output.standard.write(
                CSV.record(["lane", "entries", "root", "fault_position", "fault_span", "fault"])
                    + verifications.map { verification in
                        CSV.record([
                            "\(verification.lane)", "\(verification.entries)", verification.root.base64,
                            verification.fault.map { "\($0.position.index)" },
                            verification.fault.map { "\($0.span)" }, verification.fault?.reason,
                        ])
                    }.joined())
        }
    }
}

extension Verification {
    fileprivate var json: JSON {
        var members: [String: JSON] = [
            "lane": .number(Double(lane.number)), "entries": .number(Double(entries)), "root": .string(root.base64),
            "verifies": .bool(fault == nil),
        ]
        if let fault {
            members["fault"] = [
                "position": .number(Double(fault.position.index)), "span": .number(Double(fault.span)),
                "reason": .string(fault.reason),
            ]
        }
        return .object(members)
    }
}
