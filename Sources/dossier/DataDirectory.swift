import FoundationEssentials
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What an installation keeps for itself: its PostgreSQL, and who runs on it.
struct DataDirectory: Sendable, Hashable {
    /// Absolute.
    let path: String

    /// Where `dossier up` keeps its PostgreSQL.
    var cluster: String { path + "/postgres" }
    private var lockPath: String { path + "/lock" }
    private var instancePath: String { path + "/instance.json" }

    /// The directory that is given, or that the environment asks for.
    ///
    /// Source: XDG Base Directory Specification; the Filesystem Hierarchy Standard for root.
    static func path(given: String?, environment: [String: String], isRoot: Bool = geteuid() == 0) throws -> String {
        func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let path: String
        if let given = given ?? set("DOSSIER_DATA") {
            path = given
        } else if isRoot {
            path = "/var/lib/dossier"
        } else if let data = set("XDG_DATA_HOME"), data.hasPrefix("/") {
            path = data + "/dossier"
        } else if let home = set("HOME") {
            path = home + "/.local/share/dossier"
        } else {
            throw Failure("nothing says where to keep data", advice: "Give --data or DOSSIER_DATA.", status: .usage)
        }
        guard !path.isEmpty else { throw Failure("--data is empty", status: .usage) }
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return String(absolute.trimmingSuffix("/"))
    }

    /// Makes the directory, so that the user that PostgreSQL runs as can reach into it.
    func make() throws {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            // As root PostgreSQL runs as somebody else, who must be able to pass, whatever the umask.
            let mode: mode_t = geteuid() == 0 ? 0o711 : 0o700
            guard mkdir(made, mode) != 0 || chmod(made, mode) != 0 else { continue }
            let code = errno
            guard code != EEXIST, !FileManager.default.fileExists(atPath: made) else { continue }
            throw Failure(
                "the data directory \(path) cannot be made: \(String(cString: strerror(code)))",
                advice: "Give another with --data or DOSSIER_DATA.")
        }
    }

    // MARK: Who runs here

    /// The `dossier up` that runs on a data directory.
    struct Instance: Sendable, Hashable {
        let process: Int32
        /// Where its query API answers.
        let url: String
        let databaseURL: String
    }

    /// Makes this process the one that runs on the directory, until it ends.
    ///
    /// - Throws: `Failure` naming the process that does already.
    func claim() async throws -> Claim {
        let file = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("opened", lockPath) }
        // Whoever asks for the running one holds the lock for a moment.
        var attempts = 20
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            attempts -= 1
            guard attempts == 0 else {
                try? await Task.sleep(for: .milliseconds(10))
                continue
            }
            close(file)
            let instance = try? instance()
            let who = instance.map { " (process \($0.process), \($0.url))" } ?? ""
            throw Failure(
                "another 'dossier up'\(who) runs on \(path)",
                advice: "Use that one, stop it, or give this one another directory with --data.")
        }
        unlink(instancePath)
        return Claim(file: file)
    }

    /// Held as long as the process lives: what a killed one held is free at once.
    struct Claim: Sendable {
        private let file: Int32
        fileprivate init(file: Int32) { self.file = file }

        func release() { close(file) }
    }

    /// Lets other commands find this process.
    func announce(_ instance: Instance) throws {
        let text = JSON.object([
            "process": .number(Double(instance.process)), "url": .string(instance.url),
            "database_url": .string(instance.databaseURL),
        ]).compact
        // Renamed when whole: whoever reads it meanwhile finds all of it or nothing.
        try write(Array((text + "\n").utf8), to: instancePath + ".new", mode: 0o644)
        guard rename(instancePath + ".new", instancePath) == 0 else { throw failure("written", instancePath) }
    }

    func withdraw() { unlink(instancePath) }

    /// The `dossier up` that runs here now, if one does and is ready.
    func running() throws -> Instance? {
        let file = open(lockPath, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard flock(file, LOCK_SH | LOCK_NB) != 0 else { return nil }
        return try? instance()
    }

    private func instance() throws -> Instance {
        let json = try JSON(parsing: read(instancePath))
        guard let process = json.integer("process").flatMap(Int32.init(exactly:)), let url = json.text("url"),
            let databaseURL = json.text("database_url")
        else { throw failure("read", instancePath) }
        return Instance(process: process, url: url, databaseURL: databaseURL)
    }

    // MARK: Files

    private func read(_ path: String) throws -> [UInt8] {
        do {
            return try Array(Data(contentsOf: URL(filePath: path)))
        } catch {
            throw Failure("\(path) cannot be read", advice: "Run as the user that owns \(self.path).")
        }
    }

    private func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw failure("written", path) }
        defer { close(file) }
        guard bytes.withUnsafeBytes({ systemWrite(file, $0) }) == bytes.count, fsync(file) == 0 else {
            throw failure("written", path)
        }
    }

    private func failure(_ what: String, _ path: String) -> Failure {
        Failure(
            "\(path) cannot be \(what): \(String(cString: strerror(errno)))",
            advice: "Run as the user that owns \(self.path), or give another directory with --data.")
    }
}

/// `write(2)`, whose name the methods above hide.
private func systemWrite(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(file, bytes.baseAddress, bytes.count)
}
