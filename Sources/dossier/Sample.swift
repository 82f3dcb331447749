import EventLog
import FoundationEssentials
import Ingest
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The traffic of a real Manila that ships with the program, and what to ask of it.
enum Sample {
    /// Where the build puts resources, beside the program.
    private static let bundle = "dossier_dossier.resources"
    private static let file = "manila.har"

    /// The captured traffic, as HAR.
    ///
    /// Looked for by hand: `Bundle.module` ends the process where it finds nothing.
    ///
    /// - Throws: `Failure` saying where it was looked for.
    static func path() throws -> String {
        let directory = programDirectory()
        let places = [
            "\(directory)/\(bundle)/\(file)", "\(directory)/\(file)", "\(directory)/../share/dossier/\(file)",
            "\(directory)/../share/dossier/\(bundle)/\(file)",
        ]
        if let found = places.first(where: { access($0, R_OK) == 0 }) { return found }
        throw Failure(
            "the sample is not installed beside the program: no \(bundle)/\(file) in \(directory)",
            advice: "Move \(bundle) together with the program, or import \(file) with 'dossier import'.")
    }

    /// Where the program's file is, links followed.
    private static func programDirectory() -> String {
        #if os(Linux)
            let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        #else
            let program =
                realpath(CommandLine.arguments[0], nil).map { path in
                    defer { free(path) }
                    return String(cString: path)
                } ?? ""
        #endif
        return program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "."
    }

    /// Imports it as `dossier import` would, so that whichever comes second appends nothing; says what came of it.
    static func bring(_ path: String, into log: Log) async throws -> String {
        let report = try await FileImport(log: log).run(path, format: .har)
        guard report.faults == 0, report.conflicts == 0 else {
            throw Failure(
                "the sample does not fit the log: \(report.faults) faults, \(report.conflicts) conflicts",
                advice: report.firstFaults.first.map(String.init(describing:)))
        }
        let traffic = "\(report.exchanges) share-server calls of \(report.exchanges + report.skipped) exchanges"
        return report.appended > 0
            ? "The sample, a real Manila's traffic: \(traffic), \(report.appended) events appended."
            : "The sample was there already: \(report.known) events known, nothing was appended."
    }

    // MARK: What to ask

    /// A server and what its history holds.
    struct Candidate: Sendable, Hashable {
        let id: String
        /// How many stays in a status.
        let visits: Int
        /// How many calls that Manila refused (4xx).
        let refusals: Int
        let hasFailed: Bool
    }

    /// Three commands that show something: all servers, the server with the richest past, refused calls of another.
    ///
    /// - Parameter program: As the user calls it, such as `dossier`.
    static func commands(_ candidates: [Candidate], program: String) -> [String] {
        func richness(_ candidate: Candidate) -> (Int, Int, String) {
            (candidate.visits + (candidate.hasFailed ? 2 : 0), candidate.refusals, candidate.id)
        }
        let richest = candidates.max { richness($0) < richness($1) }
        let refused = candidates.filter { $0.refusals > 0 && $0.id != richest?.id }
            .max { ($0.refusals, $0.id) < ($1.refusals, $1.id) }
        let third = refused.map { "\(program) events --server \($0.id) --http-status 4xx" }
        return [
            "\(program) servers",
            richest.map { "\(program) history \($0.id)" } ?? "\(program) events --limit 20",
            third ?? "\(program) events --http-status 4xx",
        ]
    }

    /// Asks the API for the servers of the sample and what happened to them.
    static func candidates(_ client: APIClient) async throws -> [Candidate] {
        var candidates: [Candidate] = []
        for server in try await client.get("/v1/servers", [("limit", "100")]).elements("servers") {
            guard let id = server.text("id") else { continue }
            let history = try await client.get("/v1/servers/\(id)/history", [("limit", "1000")])
            let visits = history.elements("visits")
            let refusals = history.elements("timeline").filter { event in
                (400..<500).contains(event.integer("event", "data", "http_status") ?? 0)
            }
            candidates.append(
                Candidate(
                    id: id, visits: visits.count, refusals: refusals.count,
                    hasFailed: visits.contains { $0.text("class") == "failed" }))
        }
        return candidates
    }
}

extension String {
    /// The text as one word of a POSIX shell.
    var shellWord: String {
        let plain = utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x3A, 0x40, 0x5F, 0x2B, 0x2C, 0x25: true
            default: false
            }
        }
        return plain && !isEmpty ? self : "'" + replacing("'", with: "'\\''") + "'"
    }
}
