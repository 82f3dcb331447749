import EmbeddedPostgres
import Foundation
import Subprocess
import SystemPackage
import Testing

/// A `dossier` that is going to be killed.
struct Victim: Sendable {
    let process: Int32
    private let ending: Task<Program.Outcome, any Error>

    static func start(_ arguments: [String]) async throws -> Victim {
        let (started, starting) = AsyncStream.makeStream(of: Int32.self)
        let ending = Task {
            defer { starting.finish() }
            let result = try await Subprocess.run(
                .path(FilePath(Program.path)), arguments: Arguments(arguments), environment: Program.environment([:]),
                input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
            ) { execution in starting.yield(execution.processIdentifier.value) }
            return Program.Outcome(
                status: result.terminationStatus.shell, output: result.standardOutput, errors: result.standardError)
        }
        for await process in started { return Victim(process: process, ending: ending) }
        _ = try await ending.value
        throw CancellationError()
    }

    /// Waits until it has ended.
    func outcome() async throws -> Program.Outcome { try await ending.value }

    /// `kill -9`; answers how it ended, which may have been before.
    func kill() async throws -> Program.Outcome {
        Foundation.kill(process, SIGKILL)
        return try await ending.value
    }
}

/// A durable PostgreSQL of the test's own that is killed and started again.
final class Cluster {
    let directory: String
    private var server: EmbeddedPostgres

    init(_ directory: String) async throws {
        self.directory = directory
        server = try await EmbeddedPostgres.start(directory: directory)
    }

    var url: String { server.url() }
    var processID: Int32 { server.processID }

    /// `kill -9` of the postmaster and of every process of it, at once.
    func kill() async {
        // It starts no more, which would be left over, and wait for what the others held.
        Foundation.kill(server.processID, SIGSTOP)
        for process in [server.processID] + Self.children(of: server.processID) { Foundation.kill(process, SIGKILL) }
        await server.stop()
    }

    func restart() async throws {
        var attempts = 0
        while true {
            do throws(EmbeddedPostgresError) {
                server = try await EmbeddedPostgres.start(directory: directory)
                return
            } catch {
                // What was killed may take a moment to be gone.
                attempts += 1
                guard attempts < 400 else { throw error }
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    func stop() async { await server.stop() }

    private static func children(of process: Int32) -> [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.filter { candidate in
            let status = (try? String(contentsOfFile: "/proc/\(candidate)/stat", encoding: .utf8)) ?? ""
            // The name, in parentheses, may hold anything; the parent is the second field after it.
            let fields = status[(status.lastIndex(of: ")") ?? status.startIndex)...].split(separator: " ")
            return fields.count > 2 && Int32(fields[2]) == process
        }
    }
}
