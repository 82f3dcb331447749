import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A private PostgreSQL, owned by this process and reached through a Unix socket only.
///
/// It ends when it is stopped and when this process ends, however that ends.
public final class EmbeddedPostgres: Sendable {
    /// The superuser's name. Whoever may enter the socket's folder is let in.
    public static let user = "dossier"

    /// What holds the cluster: `data`, `server.log`, and usually the socket.
    public let directory: String
    /// Where the socket is.
    public let socketDirectory: String
    /// The postmaster's.
    public let processID: Int32
    private let isThrowaway: Bool
    private let server: Task<Void, Never>
    private let stopping: AsyncStream<Never>.Continuation
    private let claim: Claim

    private init(
        _ place: Place, processID: Int32, isThrowaway: Bool, server: Task<Void, Never>,
        stopping: AsyncStream<Never>.Continuation, claim: Claim
    ) {
        directory = place.directory
        socketDirectory = place.socketDirectory
        self.processID = processID
        self.isThrowaway = isThrowaway
        self.server = server
        self.stopping = stopping
        self.claim = claim
    }

    /// A connection to one of its databases, as libpq reads it.
    public func url(database: String = "postgres") -> String {
        "host=\(Self.quoted(socketDirectory)) user=\(Self.user) dbname=\(Self.quoted(database))"
    }

    /// Source: libpq documentation, "Keyword/Value Connection Strings".
    private static func quoted(_ value: String) -> String {
        "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }

    /// Starts a PostgreSQL whose cluster lies in `directory`, making one where there is none.
    ///
    /// - Parameters:
    ///   - directory: An absolute path; made where it does not exist. As root, given to an unprivileged user.
    ///   - throwaway: It need not survive anything: fast, without fsync, and removed when it stops.
    /// - Throws: `.inUse` where another process runs it; the other cases as they say.
    public static func start(
        directory: String, throwaway: Bool = false
    ) async throws(EmbeddedPostgresError) -> EmbeddedPostgres {
        let programs = try await Programs.directory()
        let owner = try Owner()
        let place = Place(directory)
        try owner.makeDirectory(place.directory)
        try owner.checkReach(place.directory)
        if let processID = place.liveServer { throw .inUse(directory: directory, processID: processID) }
        guard let claim = await Claim(place) else {
            throw .inUse(directory: directory, processID: place.liveServer ?? 0)
        }
        if let processID = place.liveServer { throw .inUse(directory: directory, processID: processID) }
        if place.socketDirectory != place.directory { try owner.makeDirectory(place.socketDirectory) }
        if place.hasCluster {
            let version = await Programs.majorVersion(in: programs) ?? "of unknown version"
            guard place.version == version else {
                throw .wrongVersion(directory: directory, data: place.version, programs: version)
            }
        } else {
            try await initialise(place, programs: programs, owner: owner, throwaway: throwaway)
        }
        return try await run(place, programs: programs, owner: owner, throwaway: throwaway, claim: claim)
    }

    private static func initialise(
        _ place: Place, programs: String, owner: Owner, throwaway: Bool
    ) async throws(EmbeddedPostgresError) {
        // Made apart and moved when whole, so that an interrupted initdb leaves nothing that looks like a cluster.
        let fresh = place.data + ".new"
        try? FileManager.default.removeItem(atPath: fresh)
        let words = owner.words(
            "\(programs)/initdb",
            [
                "--pgdata", fresh, "--auth", "trust", "--username", user, "--encoding", "UTF8", "--locale", "C",
                "--no-instructions",
            ] + (throwaway ? ["--no-sync"] : []))
        do {
            let made = try await Subprocess.run(
                .path("/usr/bin/env"), arguments: .init(words),
                workingDirectory: .init(place.directory), platformOptions: owner.platformOptions,
                output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
            guard made.terminationStatus.isSuccess else {
                throw EmbeddedPostgresError.failed(program: "initdb", reason: String(made.standardError.suffix(2000)))
            }
            try FileManager.default.moveItem(atPath: fresh, toPath: place.data)
        } catch let error as EmbeddedPostgresError {
            throw error
        } catch {
            throw .failed(program: "initdb", reason: "\(error)")
        }
    }

    private static func run(
        _ place: Place, programs: String, owner: Owner, throwaway: Bool, claim: Claim
    ) async throws(EmbeddedPostgresError) -> EmbeddedPostgres {
        // The shell stops the server when its standard input, a pipe of ours, closes: after a SIGKILL of ours too. It
        // asks more than once: what a shell starts in the background ignores the signal until it has come to say else.
        // And it waits for the server all the while, so that one that ends by itself is gone and no zombie.
        let script = """
            log=$1; socket=$2; shift 2
            "$@" </dev/null >>"$log" 2>&1 & server=$!
            exec 3<&0
            { read -r _ <&3
              for pause in 0 1 5; do sleep $pause; kill -\(throwaway ? "QUIT" : "INT") $server; done
            } 2>/dev/null & asking=$!
            exec 3<&- </dev/null
            wait $server
            kill $asking 2>/dev/null
            \(throwaway ? "rm -rf \"${log%/*}\" \"$socket\"" : ":")
            """
        let settings =
            [
                "listen_addresses=", "unix_socket_directories=\(place.socketDirectory)", "unix_socket_permissions=0700",
                "logging_collector=off", "timezone=UTC", "log_timezone=UTC", "datestyle=ISO",
            ] + (throwaway ? throwawaySettings : await durableSettings(place, programs: programs))
        // As ourselves: PostgreSQL's user may not remove what lies in a folder of ours.
        let arguments =
            ["-c", script, "sh", place.log, place.socketDirectory]
            + owner.words(
                "\(programs)/postgres",
                ["-D", place.data] + settings.flatMap { ["-c", $0] })
        let (untilStopped, stopping) = AsyncStream<Never>.makeStream()
        let options = owner.platformOptions
        let logged = place.logSize
        let server = Task.detached {
            _ = try? await Subprocess.run(
                .path("/bin/sh"), arguments: .init(arguments), workingDirectory: .init(place.directory),
                platformOptions: options, input: .inputWriter, output: .discarded, error: .discarded
            ) { execution in
                for await _ in untilStopped {}
                try await execution.standardInputWriter.finish()
            }
        }
        do {
            let processID = try await place.ready(within: .seconds(60), logged: logged)
            return EmbeddedPostgres(
                place, processID: processID, isThrowaway: throwaway, server: server, stopping: stopping, claim: claim)
        } catch {
            stopping.finish()
            await server.value
            throw error
        }
    }

    private static let throwawaySettings = [
        "fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=250",
        "max_wal_size=2GB", "autovacuum=off",
    ]

    /// Source: PostgreSQL documentation, "Resource Consumption" and "WAL Configuration": an append-only load wants room
    /// between checkpoints.
    private static func durableSettings(_ place: Place, programs: String) async -> [String] {
        [
            "shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=15min",
            "wal_compression=\(await Programs.compression(in: programs, data: place.data))",
        ]
    }

    /// Stops the server, after ending its sessions, and waits until it has stopped.
    public func stop() async {
        stopping.finish()
        await server.value
        claim.release()
    }
}
