import AsyncHTTPClient
import EventLog
import Hummingbird
import Ingest
import Logging
import NIOCore
import Postgres
import Projections
import Service
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What `up` and `serve` run: the query API, the log that takes what is pushed to it, and the projections.
struct Running: Sendable {
    let databaseURL: String
    let address: ListenAddress
    let log: Log
    /// Nil where nothing is signed.
    var signing: Signing?
    let admitting: Admitting
    /// Nil: requests come in clear.
    let certificate: ServerCertificate?
    /// How each request that was answered is logged; nil: not at all.
    let access: Logger.Level?
    let logger: Logger

    /// The longest an orderly end may take before what still runs is cancelled.
    private static let patience = Duration.seconds(8)

    /// Runs until SIGTERM or SIGINT; then the API stops first, the log drains, and the projections stop.
    ///
    /// - Parameters:
    ///   - process: A PostgreSQL of our own, without which there is nothing to run for.
    ///   - ready: Called with the API's URL once it takes requests; cancelled where an end is asked for meanwhile.
    /// - Throws: `Failure` where nothing can listen on the address, and whatever `ready` throws.
    func run(
        watching process: Int32? = nil, _ ready: @escaping @Sendable (_ api: String) async throws -> Void
    ) async throws {
        if !address.isLoopback {
            logger.notice("listening on \(address.host), beyond this machine: whoever asks needs a token")
        }
        try await admitting.with(url: databaseURL, isLoopback: address.isLoopback, logger: logger) {
            try await run($0, $1, watching: process, ready)
        }
    }

    private func run(
        _ admission: Admission, _ services: [any Service], watching process: Int32?,
        _ ready: @escaping @Sendable (_ api: String) async throws -> Void
    ) async throws {
        guard let signing else { return try await run(admission, services, nil, watching: process, ready) }
        let http = Signing.httpClient()
        do {
            let checkpointing = signing.checkpointing(url: databaseURL, lanes: log.lanes, http: http, logger: logger)
            try await run(admission, services, checkpointing, watching: process, ready)
            try await http.shutdown()
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    private func run(
        _ admission: Admission, _ admitting: [any Service], _ checkpointing: Checkpointing?, watching process: Int32?,
        _ ready: @escaping @Sendable (_ api: String) async throws -> Void
    ) async throws {
        let (pool, projectPool) = (QueryService.pool(url: databaseURL), QueryService.projectPool(url: databaseURL))
        let (bound, binding) = AsyncStream.makeStream(of: Int.self)
        let recording = self.admitting.recording(in: log, logger: logger)
        let api = try QueryService(
            pool: pool, projectPool: projectPool, log: log, admission: admission, recording: recording,
            checkpointing: checkpointing?.state, access: access
        ).application(
            host: address.host, port: address.port, certificate: certificate, logger: logger
        ) { port in
            binding.yield(port)
            binding.finish()
        }
        // Stopped in the opposite order.
        var services: [any Service] = [ProjectionRunner(url: databaseURL, logger: logger), Draining(log: log)]
        services += admitting
        if let recording { services.append(recording) }
        if let checkpointing { services.append(checkpointing) }
        if let process { services.append(Watching(process: process)) }
        if let certificate { services.append(certificate) }
        services.append(api)
        services.append(
            Announcing(bound: bound) { port in
                try await ready(address.url(port: port, isSecure: certificate != nil))
            })
        do {
            try await ServiceGroup.run(services, patience: Self.patience, logger: logger)
        } catch let error as IOError {
            await pool.close()
            await projectPool.close()
            throw Failure.notListening(
                "\(address.host):\(address.port)", error,
                advice: "Give another address with --listen or DOSSIER_LISTEN")
        } catch {
            await pool.close()
            await projectPool.close()
            throw error
        }
        await pool.close()
        await projectPool.close()
    }
}

/// Closes the log once nobody appends any more: what was taken becomes durable first.
private struct Draining: Service {
    let log: Log

    func run() async throws {
        try? await gracefulShutdown()
        await log.close()
    }
}

/// Ends everything where our own PostgreSQL has gone.
private struct Watching: Service {
    let process: Int32

    private static let pause = Duration.milliseconds(500)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, kill(process, 0) == 0 || errno == EPERM {
                try? await Task.sleep(for: Self.pause)
            }
        }
        guard Task.isCancelled || Task.isShuttingDownGracefully || kill(process, 0) == 0 || errno == EPERM else {
            throw Failure(
                "the PostgreSQL of this Dossier has ended",
                advice: "server.log in its data directory says why. What was acknowledged is durable: start it again.")
        }
    }
}

/// Tells of the API once it takes requests, and does what follows from that.
private struct Announcing: Service {
    let bound: AsyncStream<Int>
    let ready: @Sendable (_ port: Int) async throws -> Void

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            for await port in bound {
                do {
                    try await ready(port)
                } catch  where Task.isCancelled {
                    // An end was asked for: what was under way need not be told of.
                    return
                }
            }
        }
        try? await gracefulShutdown()
    }
}
