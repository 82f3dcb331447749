import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension ServiceGroup {
    /// Runs services until one of them ends, or SIGTERM or SIGINT comes; then stops them in the opposite order.
    ///
    /// - Parameter patience: How long an orderly end may take before what still runs is cancelled.
    /// - Throws: What a service throws.
    static func run(_ services: [any Service], patience: Duration, logger: Logger) async throws {
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = patience
        try await ServiceGroup(configuration: configuration).run()
    }
}

extension Failure {
    /// - Parameter advice: Which options say where.
    static func notListening(_ places: String, _ error: IOError, advice: String) -> Failure {
        Failure(
            "nothing can listen on \(places): \(String(cString: strerror(error.errnoCode)))",
            advice: "\(advice), or port 0 for any that is free.")
    }
}
