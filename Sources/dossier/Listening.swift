import ArgumentParser
import Ingest
import Logging

/// How what listens is protected.
struct ListenerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The certificate of what listens: PEM, with those that lead to its authority.",
            discussion: """
                Read again at SIGHUP and when it changes. Default: as the environment or the configuration says.
                """,
            valueName: "file"),
        completion: .file())
    var tlsCertificate: String?

    @Option(
        help: ArgumentHelp("The certificate's key: PEM without a passphrase.", valueName: "file"), completion: .file())
    var tlsKey: String?

    @Flag(help: "Listen beyond this machine without TLS: something in front has it, or the network is trusted.")
    var insecure = false

    /// - Throws: `Failure` for a bad pair, and for addresses beyond this machine without TLS.
    func certificate(
        _ configuration: Configuration, _ settings: Setting.Listener, _ addresses: [ListenAddress], _ logger: Logger
    ) throws -> ServerCertificate? {
        let paths = try configuration.pair(settings, certificate: tlsCertificate, key: tlsKey)
        let isInsecure = try configuration.isSet(settings.insecure, given: insecure)
        for address in addresses where !address.isLoopback && paths == nil && !isInsecure {
            throw Failure.withoutTLS(address)
        }
        return try paths.map { try ServerCertificate(pair: $0, logger: logger) }
    }
}

extension ServerCertificate {
    /// - Throws: `Failure` naming the file that is wrong.
    convenience init(pair: (certificate: String, key: String), logger: Logger) throws(Failure) {
        do throws(IngestError) {
            try self.init(certificate: pair.certificate, key: pair.key, logger: logger)
        } catch {
            throw Failure(
                "\(error)", advice: "Give the certificate and its key as PEM, each in a file that Dossier may read.",
                status: .usage)
        }
    }
}

extension Configuration {
    /// The two files of a listener with TLS; nil for one without.
    ///
    /// - Throws: `Failure` where there is one of them only.
    func pair(
        _ settings: Setting.Listener, certificate: String? = nil, key: String? = nil
    ) throws(Failure) -> (certificate: String, key: String)? {
        let certificate = try text(settings.certificate, given: certificate)
        let key = try text(settings.key, given: key)
        switch (certificate, key) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return (certificate, key)
        default:
            let missing = certificate == nil ? settings.certificate : settings.key
            throw Failure(
                "TLS takes a certificate and its key, and \(missing.key) is missing",
                advice: "Set \(missing.option ?? missing.key) as well.", status: .usage)
        }
    }
}

extension Failure {
    static func withoutTLS(_ address: ListenAddress) -> Failure {
        Failure(
            "\(address) is reached from beyond this machine, and there is no TLS: whoever is on the way reads along",
            advice: "Give --tls-certificate and --tls-key, listen on 127.0.0.1, or say --insecure where something in "
                + "front has TLS.",
            status: .usage)
    }
}

extension ListenAddress: CustomStringConvertible {
    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Source: RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3.
    var isLoopback: Bool {
        let isIPv4 = host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
        return host == "localhost" || host == "::1" || (isIPv4 && host.hasPrefix("127."))
    }

    /// How this machine reaches what listens here.
    func url(port: Int, isSecure: Bool) -> String {
        let host =
            switch self.host {
            case "0.0.0.0", "*": "127.0.0.1"
            case "::": "[::1]"
            case let host where host.contains(":"): "[\(host)]"
            default: self.host
            }
        return "\(isSecure ? "https" : "http")://\(host):\(port)"
    }
}
