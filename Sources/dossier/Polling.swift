import Hummingbird
import Ingest
import Logging
import NIOCore
import ServiceLifecycle

/// What `poll` runs: a poller for each source, and what operators probe.
struct Polling: Sendable {
    let pollers: [Poller]
    /// Nil: nothing is probed.
    let admin: ListenAddress?
    /// Nil: probes come in clear.
    let certificate: ServerCertificate?
    let logger: Logger

    /// The longest that goodbyes may take.
    private static let patience = Duration.seconds(8)
    private static let idleTime = TimeAmount.seconds(60)

    /// Runs until SIGTERM or SIGINT; then each poller says goodbye, and the probes are answered until all have.
    ///
    /// - Throws: `Failure` where nothing can listen on `admin`.
    func run() async throws {
        // Stopped in the opposite order.
        var services: [any Service] = certificate.map { [$0] } ?? []
        if let admin { services.append(try probes(on: admin)) }
        services += pollers as [any Service]
        do {
            try await ServiceGroup.run(services, patience: Self.patience, logger: logger)
        } catch let error as IOError {
            throw Failure.notListening(
                admin.map { "\($0)" } ?? "", error, advice: "Give another address with --admin or DOSSIER_POLL_ADMIN")
        }
    }

    private func probes(on admin: ListenAddress) throws -> any Service {
        let isSecure = certificate != nil
        return Application(
            router: Poller.probes(of: pollers),
            server: try .http1(within: certificate, idleTime: Self.idleTime),
            configuration: .init(address: .hostname(admin.host, port: admin.port), serverName: "dossier"),
            onServerRunning: { channel in
                let url = admin.url(port: channel.localAddress?.port ?? admin.port, isSecure: isSecure)
                try? await Output.standard.write("  its state: \(url)/metrics\n")
            }, logger: logger)
    }
}
