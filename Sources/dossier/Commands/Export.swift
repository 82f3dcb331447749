import ArgumentParser
import EventLog
import FoundationEssentials
import Postgres
import Queries

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the entries of a lane, one body a line: the lines are the leaves of its tree.",
        discussion: """
            The leaf hash of an entry is SHA-256 over a byte 0x00 and its line without the line feed, so an export can \
            be checked against a root with nothing but SHA-256. All is as of one moment. What is written can be \
            imported elsewhere: 'dossier import' reads it.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: "The lane.")
    var lane: Int16 = 0

    @Option(help: "The first position.")
    var from: Int64 = 0

    @Option(help: "The first position that is not wanted. (default: the end)")
    var until: Int64?

    @Option(
        help: ArgumentHelp(
            "Where to write; a file takes its name once it is whole. (default: standard output)", valueName: "file"),
        completion: .file())
    var to: String?

    func validate() throws {
        guard from >= 0 else { throw ValidationError("--from is \(from); positions begin at 0.") }
        if let until, until < from { throw ValidationError("--until \(until) is before --from \(from).") }
    }

    func run() async throws {
        let pool = try Pool.reading(url: try database.url())
        do {
            try await export(pool)
            await pool.close()
        } catch {
            await pool.close()
            throw error
        }
    }

    private func export(_ pool: Pool) async throws {
        let lane = try await pool.lane(lane)
        guard let to, to != "-" else {
            _ = try await write(lane, pool, to: .standard)
            return
        }
        let count = try await Self.isFile(to) ? write(lane, pool, whole: to) : write(lane, pool, into: to)
        try await Output.diagnostics.write("\(count.grouped) entries of lane \(lane) written to \(to)\n".escapedLine)
    }

    /// Whether there is nothing at a path yet, or a file: not a device, a pipe or a folder.
    private static func isFile(_ path: String) -> Bool {
        guard let target = resolved(path) else { return true }
        let attributes = try? FileManager.default.attributesOfItem(atPath: target)
        return attributes?[.type] as? FileAttributeType == .typeRegular
    }

    /// Where a path leads, links followed; nil where there is nothing.
    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Writes a file that takes its name once it is whole; behind a link, the file that the link leads to.
    private func write(_ lane: Lane, _ pool: Pool, whole path: String) async throws -> Int64 {
        let target = Self.resolved(path) ?? path
        let part = target + ".part"
        let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure("\(part): \(String(cString: strerror(errno)))") }
        do {
            let count = try await write(lane, pool, to: Output(descriptor: descriptor, name: part))
            guard fsync(descriptor) == 0, close(descriptor) == 0, rename(part, target) == 0 else {
                throw Failure("\(path): \(String(cString: strerror(errno)))")
            }
            return count
        } catch {
            unlink(part)
            throw error
        }
    }

    /// Writes into a pipe or a device.
    private func write(_ lane: Lane, _ pool: Pool, into path: String) async throws -> Int64 {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        return try await write(lane, pool, to: Output(descriptor: descriptor, name: path))
    }

    private func write(_ lane: Lane, _ pool: Pool, to output: Output) async throws -> Int64 {
        let size = try await pool.fetchAll(Queries.Log.fetchHeads()).first { $0.lane == lane.number }?.size ?? 0
        let positions = from..<Swift.max(from, Swift.min(until ?? size, size))
        let bar = ProgressBar("Exporting lane \(lane)", unit: "entries")
        let lines = LineBuffer(output)
        do {
            let count = try await EventLog.Export.export(lane: lane, positions: positions, pool: pool) { leaf in
                let done = try await lines.append(leaf)
                bar.report(done, of: Int64(positions.count))
            }
            try await lines.flush()
            await bar.clear()
            return count
        } catch {
            await bar.clear()
            throw error
        }
    }
}

/// Lines gathered into pieces worth a system call.
private actor LineBuffer {
    private let output: Output
    private var bytes: [UInt8] = []
    private var count: Int64 = 0

    private static let pieceBytes = 256 << 10

    init(_ output: Output) { self.output = output }

    /// Returns how many lines there were.
    func append(_ line: String) async throws -> Int64 {
        bytes.append(contentsOf: line.utf8)
        bytes.append(0x0A)
        count += 1
        if bytes.count >= Self.pieceBytes { try await flush() }
        return count
    }

    func flush() async throws {
        let piece = bytes
        bytes.removeAll(keepingCapacity: true)
        try await output.write(piece)
    }
}
