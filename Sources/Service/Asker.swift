/// What somebody may do with the API. Source: design, "Promises".
public enum AccessRole: String, Sendable, Hashable, CaseIterable {
    /// Push events, and nothing else.
    case ingest
    /// Read everything, or what is of some projects.
    case read
    /// Both, and whatever else there is.
    case admin
}

/// Who asks, as far as that counts for what is answered.
struct Asker: Sendable, Hashable {
    /// How somebody was let in.
    enum Identity: Sendable, Hashable {
        /// Nobody was asked who they are.
        case anyone
        case token(id: String, name: String)
        case keystone(userID: String, userName: String?)
    }

    let identity: Identity
    let roles: Set<AccessRole>
    /// The projects whose servers alone are shown; nil: all.
    let projects: [String]?

    /// Where nobody needs to say who they are.
    static let anyone = Asker(identity: .anyone, roles: [.admin], projects: nil)

    /// What allowances are kept by, and logs name; never a secret. Nil for anyone.
    var key: String? {
        switch identity {
        case .anyone: nil
        case .token(let id, _): Token.prefix + id
        case .keystone(let userID, _): "keystone:" + userID
        }
    }

    /// Whether a route that needs this is theirs.
    func may(_ need: RouteAccess) -> Bool {
        switch need {
        case .everyone: true
        case .ingest: !roles.isDisjoint(with: [.ingest, .admin])
        case .read: !roles.isDisjoint(with: [.read, .admin])
        case .readAll: may(.read) && projects == nil
        case .admin: roles.contains(.admin)
        }
    }
}
