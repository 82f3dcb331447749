import ShareServers

/// What Keystone is shown in return for a token.
public struct KeystoneCredentials: Sendable {
    /// A user, a project or a domain: an id, or a name within a domain.
    public enum Name: Sendable {
        case id(String)
        /// - Parameter domain: Nil for a domain itself.
        indirect case name(String, domain: Name?)
    }

    /// For what the token is to hold.
    public enum Scope: Sendable {
        case project(Name)
        case system
    }

    private enum Proof: Sendable {
        case password(user: Name, password: String, scope: Scope)
        case applicationCredential(Name, secret: String)
    }
    private let proof: Proof

    public static func password(user: Name, password: String, scope: Scope) -> KeystoneCredentials {
        KeystoneCredentials(proof: .password(user: user, password: password, scope: scope))
    }

    /// - Parameter credential: By its id, or by its name; the `domain` of the name is its user then.
    public static func applicationCredential(_ credential: Name, secret: String) -> KeystoneCredentials {
        KeystoneCredentials(proof: .applicationCredential(credential, secret: secret))
    }

    /// The body of `POST /v3/auth/tokens`.
    ///
    /// Source: Identity API v3, "Password authentication with scoped authorization", "Authenticating with an application
    /// credential".
    var request: JSON {
        switch proof {
        case .password(let user, let password, let scope):
            var members = user.members
            members["password"] = .string(password)
            return [
                "auth": [
                    "identity": ["methods": ["password"], "password": ["user": .object(members)]],
                    "scope": scope.json,
                ]
            ]
        case .applicationCredential(let credential, let secret):
            var members: [String: JSON] = ["secret": .string(secret)]
            switch credential {
            case .id(let id): members["id"] = .string(id)
            case .name(let name, let user):
                members["name"] = .string(name)
                members["user"] = user.map { .object($0.members) }
            }
            return [
                "auth": [
                    "identity": [
                        "methods": ["application_credential"], "application_credential": .object(members),
                    ]
                ]
            ]
        }
    }
}

extension KeystoneCredentials.Name {
    fileprivate var members: [String: JSON] {
        switch self {
        case .id(let id): return ["id": .string(id)]
        case .name(let name, let domain):
            var members: [String: JSON] = ["name": .string(name)]
            members["domain"] = domain.map { .object($0.members) }
            return members
        }
    }
}

extension KeystoneCredentials.Scope {
    fileprivate var json: JSON {
        switch self {
        case .project(let project): ["project": .object(project.members)]
        case .system: ["system": ["all": true]]
        }
    }
}

extension KeystoneCredentials: CustomStringConvertible, CustomReflectable {
    /// Never the secret.
    public var description: String { "KeystoneCredentials" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
