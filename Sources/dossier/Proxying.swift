import AsyncHTTPClient
import Hummingbird
import Ingest
import Logging
import NIOCore
import ServiceLifecycle

/// What `gateway` runs: the proxy, its recorder, and what operators probe.
struct Proxying: Sendable {
    let settings: Gateway.Settings
    let recorder: Recorder
    let proxy: ListenAddress
    let operations: ListenAddress
    /// Nil: calls come in clear.
    let certificate: ServerCertificate?
    let logger: Logger

    /// The longest that calls under way may take after an end was asked for: what a slow Manila takes.
    private static let patience = Duration.seconds(60)
    /// How long a connection of an operator on which nothing comes is kept.
    private static let idleTime = TimeAmount.seconds(60)

    /// Runs until SIGTERM or SIGINT; then no more calls are taken, those under way are answered, and the recorder ends.
    ///
    /// - Parameter ready: Called with both URLs once calls are taken.
    /// - Throws: `Failure` where nothing can listen on an address; `IngestError` where the recorder cannot go on.
    func run(
        _ ready: @escaping @Sendable (_ proxy: String, _ operations: String) async throws -> Void
    ) async throws {
        for address in [proxy, operations] where !address.isLoopback {
            logger.warning("listening on \(address.host), beyond this machine")
        }
        let client = PassingClient()
        do {
            let gateway = Gateway(settings: settings, recorder: recorder, client: client, logger: logger)
            try await gateway.claim.take()
            try await run(gateway, ready)
        } catch {
            await recorder.close()
            try? await client.shutdown()
            guard let error = error as? IOError else { throw error }
            throw Failure.notListening(
                "\(proxy.host):\(proxy.port) or \(operations.host):\(operations.port)", error,
                advice: "Give other addresses with --listen and --admin")
        }
        try await client.shutdown()
    }

    private func run(
        _ gateway: Gateway, _ ready: @escaping @Sendable (_ proxy: String, _ operations: String) async throws -> Void
    ) async throws {
        let (ports, binding) = AsyncStream.makeStream(of: (Bool, Int).self)
        let probes = Application(
            router: gateway.probes(), server: try .http1(within: certificate, idleTime: Self.idleTime),
            configuration: .init(address: .hostname(operations.host, port: operations.port), serverName: "dossier"),
            onServerRunning: { binding.yield((false, $0.localAddress?.port ?? operations.port)) }, logger: logger)
        let passing = try gateway.proxy(host: proxy.host, port: proxy.port, certificate: certificate) {
            binding.yield((true, $0))
        }
        let isSecure = certificate != nil
        let announcing = Announcing(ports: ports) { proxyPort, operationsPort in
            try await ready(
                proxy.url(port: proxyPort, isSecure: isSecure), operations.url(port: operationsPort, isSecure: isSecure)
            )
        }
        // Stopped in the opposite order.
        let services: [(any Service)?] = [
            recorder, gateway.claim, gateway.revoking, gateway.reckoning, gateway.watching, certificate, probes,
            passing, announcing,
        ]
        try await ServiceGroup.run(services.compactMap { $0 }, patience: Self.patience, logger: logger)
    }

    private struct Announcing: Service {
        let ports: AsyncStream<(Bool, Int)>
        let ready: @Sendable (_ proxy: Int, _ operations: Int) async throws -> Void

        func run() async throws {
            try await cancelWhenGracefulShutdown {
                var (proxy, operations): (Int?, Int?) = (nil, nil)
                for await (isProxy, port) in ports {
                    if isProxy { proxy = port } else { operations = port }
                    if let proxy, let operations {
                        try await ready(proxy, operations)
                        break
                    }
                }
            }
            try? await gracefulShutdown()
        }
    }
}
