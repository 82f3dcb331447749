public import HummingbirdCore
import HummingbirdTLS
public import Logging
public import NIOCore
import NIOPosix
import NIOSSL
public import ServiceLifecycle
import Synchronization
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The certificate of what listens, and its key: two PEM files, read again at SIGHUP and whenever they change.
///
/// Open connections go on as they are; a new one gets the latest pair that was good. Connections need TLS 1.2.
public final class ServerCertificate: Service {
    /// The certificate with those that lead to its authority, and the key.
    struct Pair: Sendable {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
    }

    /// What tells one state of the files from another.
    private struct Fingerprint: Sendable, Equatable {
        private let parts: [Int]

        init(_ paths: [String]) {
            parts = paths.flatMap { path -> [Int] in
                var its = stat()
                guard stat(path, &its) == 0 else { return [-1] }
                return [
                    Int(its.st_ino), Int(its.st_size), Int(its.modified.tv_sec), Int(its.modified.tv_nsec),
                ]
            }
        }
    }

    private let certificate: String
    private let key: String
    private let look: Duration
    private let logger: Logger
    private let current: Mutex<(pair: Pair, seen: Fingerprint)>

    /// Reads both files.
    ///
    /// - Parameter look: How often it looks whether the files have changed.
    /// - Throws: `.misconfigured` naming the file that is missing, is not PEM, or does not fit the other.
    public init(
        certificate: String, key: String, look: Duration = .seconds(10), logger: Logger
    ) throws(IngestError) {
        self.certificate = certificate
        self.key = key
        self.look = look
        self.logger = logger
        let seen = Fingerprint([certificate, key])
        current = Mutex((try Self.read(certificate, key), seen))
    }

    /// Watches the files until the task is cancelled or a graceful shutdown begins.
    public func run() async throws {
        let hangups = await UnixSignalsSequence(trapping: [.sighup])
        await cancelWhenGracefulShutdown { [self] in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in hangups { await self.reload(always: true) } }
                group.addTask {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: self.look)
                        await self.reload(always: false)
                    }
                }
            }
        }
    }

    /// Takes what the files hold now, if it is a good pair; else goes on with the former one, and says so.
    private func reload(always: Bool) async {
        guard !Task.isCancelled else { return }
        // Files are read away from the cooperative pool.
        try? await NIOThreadPool.singleton.runIfActive { [self] in
            let fingerprint = Fingerprint([certificate, key])
            guard always || fingerprint != current.withLock({ $0.seen }) else { return }
            do throws(IngestError) {
                let pair = try Self.read(certificate, key)
                current.withLock { $0 = (pair, fingerprint) }
                logger.notice("new connections get the certificate that is there now")
            } catch {
                current.withLock { $0.seen = fingerprint }
                logger.error("the former certificate stays in use: \(error)")
            }
        }
    }

    // MARK: Reading

    private static func read(_ certificate: String, _ key: String) throws(IngestError) -> Pair {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificate)
        } catch {
            throw wrong("TLS certificate", certificate, "holds no certificate in PEM, or cannot be read")
        }
        guard !chain.isEmpty else { throw wrong("TLS certificate", certificate, "holds no certificate in PEM") }
        let its: NIOSSLPrivateKey
        do {
            its = try NIOSSLPrivateKey(file: key, format: .pem)
        } catch {
            throw wrong("TLS key", key, "holds no key in PEM without a passphrase, or cannot be read")
        }
        let pair = Pair(chain: chain, key: its)
        do {
            _ = try NIOSSLContext(configuration: configuration(pair))
        } catch {
            throw wrong("TLS key", key, "is not that of the first certificate in '\(certificate)'")
        }
        return pair
    }

    private static func wrong(_ setting: String, _ path: String, _ reason: String) -> IngestError {
        .misconfigured(setting: setting, reason: "'\(path)' \(reason)")
    }

    private static func configuration(_ pair: Pair) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: pair.chain.map { .certificate($0) }, privateKey: .privateKey(pair.key))
        configuration.minimumTLSVersion = .tlsv12
        return configuration
    }

    /// Of a listener: whoever connects gets the pair that is current then.
    var configuration: TLSConfiguration {
        var configuration = Self.configuration(current.withLock { $0.pair })
        configuration.sslContextCallback = { [self] _, promise in
            let pair = current.withLock { $0.pair }
            var latest = NIOSSLContextConfigurationOverride()
            latest.certificateChain = pair.chain.map { .certificate($0) }
            latest.privateKey = .privateKey(pair.key)
            promise.succeed(latest)
        }
        return configuration
    }
}

extension HTTPServerBuilder {
    /// HTTP/1.1 for clients of any kind: within TLS where there is a certificate, else in clear.
    ///
    /// - Parameters:
    ///   - idleTime: How long a connection on which nothing comes is kept.
    ///   - isOnEventLoop: Whether requests are answered on the event loop of their connection: for what never takes long.
    ///   - handlers: Made for each connection.
    public static func http1(
        within certificate: ServerCertificate?, idleTime: TimeAmount, isOnEventLoop: Bool = false,
        handlers: @autoclosure @escaping @Sendable () -> [any RemovableChannelHandler] = []
    ) throws -> HTTPServerBuilder {
        let clear = HTTPServerBuilder { responder in
            let channel = HTTP1Channel(
                responder: responder,
                configuration: .init(
                    additionalChannelHandlers: [ExpectContinue()] + handlers(), idleTimeout: idleTime))
            return isOnEventLoop ? OnEventLoop(base: channel) : channel
        }
        guard let certificate else { return clear }
        return try .tls(clear, tlsConfiguration: certificate.configuration)
    }
}

extension stat {
    fileprivate var modified: timespec {
        #if canImport(Darwin)
            st_mtimespec
        #else
            st_mtim
        #endif
    }
}
