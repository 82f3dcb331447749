public import Ingest

/// What tokens of a Keystone let their holders do.
public struct KeystoneAccess: Sendable {
    private let keystone: Keystone
    private let roles: [AccessRole: Set<String>]
    private let readAll: Set<String>

    /// - Parameters:
    ///   - roles: The roles of Keystone that stand for each of ours.
    ///   - readAll: Roles of Keystone whose holders read all; every other reader sees what is of the project of the token.
    public init(_ keystone: Keystone, roles: [AccessRole: Set<String>], readAll: Set<String>) {
        self.keystone = keystone
        self.roles = roles
        self.readAll = readAll
    }

    enum Verdict {
        case admitted(Asker)
        /// No token, or none any more.
        case unknown
        case away
    }

    /// Who shows a token. One with none of the roles is somebody who may do nothing.
    func asker(of token: String) async -> Verdict {
        switch await keystone.verdict(on: token) {
        case .invalid: return .unknown
        case .unknown: return .away
        case .valid(let identity): return .admitted(asker(identity))
        }
    }

    /// Who shows a token, where that is known without asking Keystone.
    func remembered(_ token: String) async -> Asker? {
        guard case .valid(let identity)? = await keystone.remembered(token) else { return nil }
        return asker(identity)
    }

    func asker(_ identity: KeystoneIdentity) -> Asker {
        let theirs = Set(identity.roles)
        var granted = Set(roles.filter { !$0.value.isDisjoint(with: theirs) }.keys)
        let readsAll = granted.contains(.admin) || identity.isSystem || !readAll.isDisjoint(with: theirs)
        if !readAll.isDisjoint(with: theirs) { granted.insert(.read) }
        // A token of no project is of nothing that could be shown.
        let projects = readsAll ? nil : [identity.projectID].compactMap { $0 }
        return Asker(
            identity: .keystone(userID: identity.userID, userName: identity.userName), roles: granted,
            projects: projects)
    }
}
