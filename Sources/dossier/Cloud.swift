import AsyncHTTPClient
import FoundationEssentials
import Ingest
import NIOSSL
import Postgres
import ShareServers

/// One Manila, and how one is let in there: what `OS_*` variables or an entry of a `clouds.yaml` say.
///
/// Source: openstacksdk, "Configuring OpenStack SDK Applications"; keystoneauth, "Plugin Options".
struct Cloud: Sendable {
    /// What its sources are called by.
    let name: String
    /// Settings under the names that openstacksdk has for them, in lower case.
    private let settings: [String: String]

    /// - Throws: `Failure` for what cannot be: certificates that are not to be checked, a file without a secret.
    init(name: String, settings: [String: String]) throws {
        self.name = name
        self.settings = try Self.withSecrets(settings, name)
        guard !name.isEmpty, name.utf8.count <= 200 else {
            throw Failure("a cloud without a name, or with one that is too long", status: .usage)
        }
        if ["false", "0", "no"].contains(settings["verify"]?.lowercased() ?? "") || setting("insecure") == "true" {
            throw Failure(
                "cloud '\(name)': certificates are always checked", advice: "Name the authority's in 'cacert'.",
                status: .usage)
        }
    }

    private static let secrets = ["password", "application_credential_secret"]

    /// The settings with the secrets that stand in files of their own: those that the settings of the same names with
    /// `_file` name.
    private static func withSecrets(_ settings: [String: String], _ name: String) throws -> [String: String] {
        var settings = settings
        for secret in secrets {
            guard let path = settings[secret + "_file"], !path.isEmpty else { continue }
            guard settings[secret]?.isEmpty ?? true else {
                throw Failure(
                    "cloud '\(name)': \(secret) and \(secret)_file are both set", advice: "Keep one of them.",
                    status: .usage)
            }
            settings[secret] = try SecretFile.read(path, for: "cloud '\(name)': \(secret)_file")
        }
        return settings
    }

    private func setting(_ name: String) -> String? {
        settings[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func required(_ name: String, _ why: String) throws -> String {
        if let value = setting(name) { return value }
        throw Failure(
            "cloud '\(self.name)': \(name) is missing: \(why)",
            advice: "Set it for the cloud, or as OS_\(name.uppercased()); secrets may be in a file that "
                + "\(name)_file names.", status: .usage)
    }

    // MARK: What follows

    /// The source of what is polled from it.
    var pollerSource: String { setting("source") ?? "/poller/" + APIClient.escaped(name) }
    var reconcileSource: String { "/reconcile/" + APIClient.escaped(name) }

    /// Seconds from one list to the next; nil where it says nothing of its own.
    ///
    /// - Throws: `Failure` for what is no such number.
    func interval() throws -> Int? {
        guard let text = setting("interval") else { return nil }
        if let fault = Setting.interval.fault(in: text) {
            throw Failure("cloud '\(name)': interval: \(fault)", status: .usage)
        }
        return Int(text)
    }

    /// An HTTP client that trusts the authority of this cloud.
    func httpClient() throws -> HTTPClient {
        var configuration = HTTPClient.Configuration.upstream
        if let path = setting("cacert") {
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw Failure("cloud '\(name)': cacert '\(path)' cannot be read", status: .usage)
            }
            guard let roots = try? NIOSSLCertificate.fromPEMFile(path), !roots.isEmpty else {
                throw Failure("cloud '\(name)': cacert '\(path)' holds no certificate in PEM", status: .usage)
            }
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(roots)
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Whether there is all that is needed to ask, without asking.
    ///
    /// - Throws: `Failure` naming the setting that is missing or wrong.
    func check() async throws {
        _ = try interval()
        let http = try httpClient()
        let made = Result { try manila(http: http, redaction: Redaction(key: Array(repeating: 0, count: 32))) }
        try await http.shutdown()
        _ = try made.get()
    }

    /// The files that hold its secrets.
    var secretFiles: [String] { Self.secrets.compactMap { setting($0 + "_file") } }

    /// - Parameter redaction: That of the log.
    /// - Throws: `Failure` naming the setting that is missing or wrong.
    func manila(http: HTTPClient, redaction: Redaction) throws -> Manila {
        var microversion: Microversion?
        if let text = setting("shared_file_system_default_microversion") {
            microversion = Microversion(text)
            if microversion?.major != 2 {
                throw Failure("cloud '\(name)': '\(text)' is no microversion, such as 2.63", status: .usage)
            }
        }
        return Manila(access: try access(http, redaction), microversion: microversion, http: http)
    }

    private func access(_ http: HTTPClient, _ redaction: Redaction) throws -> Manila.Access {
        let endpoint = setting("shared_file_system_endpoint_override") ?? setting("endpoint_override")
        let type =
            setting("auth_type") ?? (setting("auth_url") == nil && setting("endpoint") != nil ? "none" : "password")
        if ["none", "noauth"].contains(type) {
            let given = try endpoint ?? required("endpoint", "without Keystone Manila's address must be given")
            return .open(endpoint: try web(given, "endpoint"))
        }
        return .keystone(
            try keystone(http: http, redaction: redaction), region: setting("region_name"),
            interface: Self.interface(setting("interface") ?? "public"),
            endpoint: try endpoint.map { try web($0, "shared_file_system_endpoint_override") })
    }

    /// - Parameter redaction: That of the log.
    /// - Throws: `Failure` naming the setting that is missing or wrong.
    func keystone(http: HTTPClient, redaction: Redaction) throws -> Keystone {
        let url = try web(try required("auth_url", "it says where Keystone is"), "auth_url")
        return Keystone(
            url: url, credentials: try credentials(setting("auth_type") ?? "password"), redaction: redaction, http: http
        )
    }

    private func credentials(_ type: String) throws -> KeystoneCredentials {
        switch type {
        case "v3applicationcredential":
            return .applicationCredential(
                try who("application_credential", domain: { try who("user", or: "username") { try userDomain() } }),
                secret: try required("application_credential_secret", "it is the secret of the credential"))
        case "password", "v3password":
            if setting("application_credential_secret") != nil { return try credentials("v3applicationcredential") }
            let scope: KeystoneCredentials.Scope =
                setting("system_scope") != nil
                ? .system : .project(try who("project") { try domain("project") })
            return .password(
                user: try who("user", or: "username") { try userDomain() },
                password: try required("password", "it is that of the user"), scope: scope)
        default:
            throw Failure(
                "cloud '\(name)': auth_type '\(type)' is not known here",
                advice: "Known are password, v3applicationcredential and none.", status: .usage)
        }
    }

    /// By `<kind>_id`, or by the name and what it is a name within.
    private func who(
        _ kind: String, or other: String? = nil, domain: () throws -> KeystoneCredentials.Name
    ) throws -> KeystoneCredentials.Name {
        if let id = setting(kind + "_id") { return .id(id) }
        return .name(try required(other ?? kind + "_name", "it says who asks"), domain: try domain())
    }

    private func userDomain() throws -> KeystoneCredentials.Name { try domain("user") }

    private func domain(_ kind: String) throws -> KeystoneCredentials.Name {
        if let id = setting("\(kind)_domain_id") ?? setting("domain_id") { return .id(id) }
        if let name = setting("\(kind)_domain_name") ?? setting("domain_name") { return .name(name, domain: nil) }
        return .id(setting("default_domain") ?? "default")
    }

    private func web(_ url: String, _ setting: String) throws -> String {
        guard Web.isAddress(url) else {
            throw Failure("cloud '\(name)': \(setting) is no http:// or https:// URL", status: .usage)
        }
        return url
    }

    /// `publicURL` is what `public` was called before.
    private static func interface(_ name: String) -> String { name.hasSuffix("URL") ? String(name.dropLast(3)) : name }
}

extension Failure {
    /// Of two clouds that would be told of as one source.
    static func sameSource(_ cloud: Cloud) -> Failure {
        Failure(
            "cloud '\(cloud.name)': another has the source '\(cloud.pollerSource)' too",
            advice: "Give each a source of its own: the events of one are told from those of others by it.",
            status: .usage)
    }
}
