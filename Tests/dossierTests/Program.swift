import Foundation
import Subprocess
import Synchronization
import Testing

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// The built `dossier`, run as its users run it.
enum Program {
    struct Outcome: Sendable {
        /// 128 + n where signal n ended it, as a shell would say.
        let status: Int32
        let output: String
        let errors: String
    }

    /// Beside the tests, where the build puts it.
    static let path: String = {
        #if os(Linux)
            let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        #else
            let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundlePath ?? ""
        #endif
        return URL(filePath: tests).deletingLastPathComponent().path(percentEncoded: false) + "dossier"
    }()

    /// What the tests' own environment says about databases and services must not reach the program.
    static func environment(_ set: [String: String]) -> Environment {
        var values: [Environment.Key: String?] = [:]
        for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("DOSSIER_") || name == "NO_COLOR" {
            values[Environment.Key(stringLiteral: name)] = .some(nil)
        }
        for (name, value) in set { values[Environment.Key(stringLiteral: name)] = value }
        return .inherit.updating(values)
    }

    /// Runs `dossier` to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) async throws -> Outcome {
        try await run(path, arguments, environment: environment, input: input)
    }

    /// Runs a line of shell to its end.
    static func shell(_ line: String, environment: [String: String] = [:]) async throws -> Outcome {
        try await run("/bin/bash", ["-c", line], environment: environment, input: "")
    }

    private static func run(
        _ executable: String, _ arguments: [String], environment: [String: String], input: String
    ) async throws -> Outcome {
        let result = try await Subprocess.run(
            .path(FilePath(executable)), arguments: Arguments(arguments), environment: Self.environment(environment),
            input: .string(input), output: .string(limit: 64 << 20), error: .string(limit: 4 << 20))
        return Outcome(
            status: result.terminationStatus.shell, output: result.standardOutput,
            errors: result.standardError)
    }
}

extension Program {
    /// Runs `dossier` with a terminal for its output and errors, and returns what was shown.
    static func runOnTerminal(
        _ arguments: [String], environment: [String: String], columns: UInt16
    ) async throws -> (status: Int32, shown: String) {
        var size = winsize()
        size.ws_col = columns
        size.ws_row = 40
        var ours: Int32 = -1
        var its: Int32 = -1
        try #require(openpty(&ours, &its, nil, nil, &size) == 0)
        let screen = Screen(descriptor: ours)
        let terminal = FileDescriptor(rawValue: its)
        let result = try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(arguments),
            environment: Self.environment(environment.merging(["TERM": "xterm"]) { given, _ in given }), input: .none,
            output: .fileDescriptor(terminal, closeAfterSpawningProcess: false),
            error: .fileDescriptor(terminal, closeAfterSpawningProcess: false))
        close(its)
        return (result.terminationStatus.shell, await screen.shown())
    }

    /// Runs `dossier`, feeding it lines until `isEnough`, and then sends it a signal while its input stays open.
    static func runFed(
        _ arguments: [String], environment: [String: String], lines: @Sendable (Range<Int>) -> String,
        until isEnough: @Sendable () async throws -> Bool, signal: Int32
    ) async throws -> Outcome {
        let result = try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(arguments), environment: Self.environment(environment),
            input: .inputWriter, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
        ) { execution in
            var next = 0
            repeat {
                _ = try await execution.standardInputWriter.write(lines(next..<next + 1000))
                next += 1000
                try await Task.sleep(for: .milliseconds(20))
            } while try await !isEnough() && next < 80_000
            kill(execution.processIdentifier.value, signal)
            // Its input stays open until it has ended: an end of input would be a reason of its own to end.
            while !hasEnded(execution.processIdentifier.value) { try await Task.sleep(for: .milliseconds(10)) }
        }
        return Outcome(
            status: result.terminationStatus.shell, output: result.standardOutput, errors: result.standardError)
    }

    /// Whether a process of ours has ended; it stays to be waited for.
    private static func hasEnded(_ process: Int32) -> Bool {
        var information = siginfo_t()
        let result = waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT | WNOHANG)
        return result != 0 || information.si_signo == SIGCHLD
    }

    /// Reads a terminal until nobody writes to it any more.
    private struct Screen {
        private let reading: Task<String, Never>

        init(descriptor: Int32) {
            reading = Task.detached {
                await withCheckedContinuation { continuation in
                    DispatchQueue.global().async {
                        var bytes: [UInt8] = []
                        var buffer = [UInt8](repeating: 0, count: 4096)
                        while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
                            bytes += buffer[..<count]
                        }
                        close(descriptor)
                        // A terminal shows a line feed as carriage return and line feed.
                        continuation.resume(
                            returning: String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n"))
                    }
                }
            }
        }

        func shown() async -> String { await reading.value }
    }
}

extension TerminationStatus {
    var shell: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}

/// A `dossier` that runs beside a test.
final class RunningProgram: Sendable {
    private let process: Int32
    private let said: Said
    private let end: Task<Int32, any Error>

    private final class Said: Sendable {
        let text = Mutex("")
    }

    private init(process: Int32, said: Said, end: Task<Int32, any Error>) {
        self.process = process
        self.said = said
        self.end = end
    }

    /// Starts `dossier arguments`, or another program, and returns once its output holds `ready`.
    static func start(
        _ arguments: [String], of program: String = Program.path, environment: [String: String] = [:], ready: String
    ) async throws -> RunningProgram {
        let said = Said()
        let (started, starting) = AsyncThrowingStream.makeStream(of: Int32.self)
        let end = Task {
            do {
                let result = try await Subprocess.run(
                    .path(FilePath(program)), arguments: Arguments(arguments),
                    environment: Program.environment(environment), input: .none, output: .sequence,
                    error: .combinedWithOutput
                ) { execution in
                    var isReady = false
                    for try await line in execution.standardOutput.strings() {
                        said.text.withLock { $0 += line + "\n" }
                        if !isReady, line.contains(ready) {
                            isReady = true
                            starting.yield(execution.processIdentifier.value)
                        }
                    }
                    if !isReady { starting.finish(throwing: NotReady(output: said.text.withLock { $0 })) }
                }
                starting.finish()
                return result.terminationStatus.shell
            } catch {
                starting.finish(throwing: error)
                throw error
            }
        }
        for try await process in started { return RunningProgram(process: process, said: said, end: end) }
        throw NotReady(output: "")
    }

    struct NotReady: Error { let output: String }

    /// What it has said so far, on standard output and standard error.
    var output: String { said.text.withLock { $0 } }

    /// Waits until it has ended by itself; its exit status.
    func ended() async throws -> Int32 { try await end.value }

    func send(_ signal: Int32) { kill(process, signal) }

    /// Sends `signal` and returns the exit status.
    func end(_ signal: Int32) async throws -> Int32 {
        send(signal)
        return try await end.value
    }

    /// Waits until it has said something.
    func says(_ text: String, within seconds: Int = 600) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !output.contains(text) {
            try #require(ContinuousClock.now < deadline, "it does not say '\(text)': \(output)")
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

/// A directory of its own, gone after.
func withDirectory<T>(_ body: (String) async throws -> T) async throws -> T {
    // Short: PostgreSQL's socket lies in it, and the path of a socket has at most 107 bytes.
    let name = "d-" + UUID().uuidString.prefix(13)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
    try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
