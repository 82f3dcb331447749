import Foundation

/// Where a cluster and its socket lie.
struct Place: Sendable {
    let directory: String
    let socketDirectory: String

    var data: String { directory + "/data" }
    var log: String { directory + "/server.log" }

    /// Longest path of a Unix socket. Source: Linux, `sockaddr_un.sun_path` has 108 bytes; Darwin's has 104.
    private static let longestSocket = 103

    init(_ directory: String) {
        let directory = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        self.directory = directory
        let name = "/.s.PGSQL.5432.lock"
        // PostgreSQL reads a list of folders, with commas and quotes of its own.
        let isPlain = directory.utf8.allSatisfy { $0 >= 0x80 || $0 > 0x20 && !#"",'\"#.utf8.contains($0) }
        if isPlain, directory.utf8.count + name.utf8.count <= Self.longestSocket {
            socketDirectory = directory
        } else {
            // A name that stays the same for the same folder, so that others find it. FNV-1a.
            let hash = directory.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            socketDirectory = "/tmp/dossier-" + String(hash, radix: 16)
        }
    }

    var hasCluster: Bool { FileManager.default.fileExists(atPath: data + "/PG_VERSION") }

    /// The major version that made the cluster.
    var version: String {
        ((try? String(contentsOfFile: data + "/PG_VERSION", encoding: .utf8)) ?? "")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Lines of `postmaster.pid`: the process id is the first, the state the eighth.
    /// Source: PostgreSQL, src/include/utils/pidfile.h.
    private var processFile: [String] {
        ((try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8)) ?? "")
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The process that runs the cluster; nil for a file that a killed one left behind.
    var liveServer: Int32? {
        guard let first = processFile.first, let processID = Int32(first.trimmingCharacters(in: .whitespaces)),
            kill(processID, 0) == 0 || errno == EPERM
        else { return nil }
        // The number may have gone to another process since.
        #if os(Linux)
            let name = (try? String(contentsOfFile: "/proc/\(processID)/comm", encoding: .utf8)) ?? ""
            guard name.hasPrefix("postgres") else { return nil }
        #endif
        return processID
    }

    /// Bytes in the server's log so far.
    var logSize: Int { said(from: 0).utf8.count }

    private func said(from offset: Int) -> Substring {
        let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return Substring(said.utf8.dropFirst(offset))
    }

    /// The postmaster's process id, once it takes connections.
    ///
    /// - Parameter logged: Bytes in the log before the server was started: what it says comes after them.
    func ready(within time: Duration, logged: Int) async throws(EmbeddedPostgresError) -> Int32 {
        let clock = ContinuousClock()
        let deadline = clock.now + time
        let begun = clock.now
        while clock.now < deadline {
            let lines = processFile
            // The socket is there before the server accepts; the state is what `pg_ctl --wait` reads.
            if lines.count >= 8, lines[7].hasPrefix("ready"), let processID = liveServer { return processID }
            if liveServer == nil, clock.now - begun > .seconds(2), said(from: logged).contains("FATAL") { break }
            try? await clock.sleep(for: .milliseconds(10))
            if Task.isCancelled { throw .failed(program: "postgres", reason: "cancelled while it started") }
        }
        throw .failed(program: "postgres", reason: String(said(from: logged).suffix(2000)))
    }
}
