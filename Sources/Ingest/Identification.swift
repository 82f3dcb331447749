import ShareServers

/// How a gateway makes out who calls. A claim that nothing vouches for is never recorded as somebody.
public enum Identification: Sendable {
    /// Not at all: every caller is recorded as unverified.
    case unverified
    /// By the headers of a keystonemiddleware that stands in front, and that nobody can reach the gateway past.
    case trustedHeaders
    /// As a Manila with `auth_strategy = noauth` does.
    case noauth
    /// As Keystone says of the token of a call. A caller whom it does not know, or cannot be asked about, is unverified.
    case keystone(Keystone)

    /// Who called.
    func caller(of exchange: Exchange) async -> Caller {
        switch self {
        case .unverified: .unverified
        case .trustedHeaders: Caller(headersOf: exchange)
        case .noauth: Caller(noauthOf: exchange)
        case .keystone(let keystone): await Caller(tokenOf: exchange, keystone)
        }
    }
}

extension Caller {
    fileprivate init(tokenOf exchange: Exchange, _ keystone: Keystone) async {
        guard let token = exchange.requestHeader("X-Auth-Token"),
            case .valid(let identity) = await keystone.verdict(on: token)
        else {
            self = .unverified
            return
        }
        self.init(
            userID: identity.userID, userName: identity.userName, projectID: identity.projectID,
            roles: identity.roles)
    }
}
