import FoundationEssentials
import ShareServers
import Yams

/// A cloud as a `clouds.yaml` or the configuration file describes it.
struct CloudEntry: Sendable {
    let name: String
    let members: [String: JSON]
    let line: Int

    init(name: String, node: Node, line: Int) {
        self.name = name
        self.line = line
        members = node.json.object ?? [:]
    }

    /// - Parameter members: As a `clouds.yaml` has them.
    init(name: String, members: [String: JSON]) {
        self.name = name
        self.members = members
        line = 0
    }

    /// Whether a secret stands among its settings, and not in a file of its own.
    var holdsSecrets: Bool {
        let its = [members, members["auth"]?.object ?? [:]].flatMap(\.keys)
        return its.contains { Self.secrets.contains($0) }
    }

    /// What is set, by whole keys in order, without secrets.
    var shown: [(key: String, value: String)] {
        Self.shown(members, within: "").sorted { $0.key < $1.key }
    }

    private static let secrets: Set = ["password", "application_credential_secret"]

    private static func shown(_ members: [String: JSON], within: String) -> [(key: String, value: String)] {
        members.flatMap { key, value -> [(key: String, value: String)] in
            if secrets.contains(key) { return [(within + key, "(secret)")] }
            if case .object(let its) = value { return shown(its, within: within + key + ".") }
            guard case .array(let values) = value else { return [(within + key, value.plain)] }
            return [(within + key, values.map { $0.string ?? $0["name"]?.string ?? "" }.joined(separator: ", "))]
        }
    }

    // MARK: What may stand there

    private static let known: Set<String> = [
        "auth", "auth_type", "region_name", "regions", "interface", "cacert", "verify", "identity_api_version",
        "shared_file_system_endpoint_override", "shared_file_system_default_microversion", "source", "interval",
    ]
    private static let knownInAuth: Set<String> = [
        "auth_url", "endpoint", "username", "user_id", "password", "password_file", "project_name", "project_id",
        "user_domain_name", "user_domain_id", "project_domain_name", "project_domain_id", "domain_name", "domain_id",
        "default_domain", "system_scope", "application_credential_id", "application_credential_name",
        "application_credential_secret", "application_credential_secret_file",
    ]

    /// The keys of the configuration file that could be meant.
    var knownKeys: [String] {
        Self.known.map { "clouds.\(name).\($0)" } + Self.knownInAuth.map { "clouds.\(name).auth.\($0)" }
    }

    /// The keys that are not known here, whole, with their lines.
    func unknownKeys(among settings: Node.Mapping) -> [(line: Int?, key: String)] {
        settings.flatMap { name, value -> [(line: Int?, key: String)] in
            let key = name.scalar?.string ?? ""
            guard Self.known.contains(key) else { return [(name.mark?.line, "clouds.\(self.name).\(key)")] }
            guard key == "auth", case .mapping(let its) = value else { return [] }
            return its.map { (line: $0.key.mark?.line, key: $0.key.scalar?.string ?? "") }
                .filter { !Self.knownInAuth.contains($0.key) }
                .map { (line: $0.line, key: "clouds.\(self.name).auth.\($0.key)") }
        }
    }
}
