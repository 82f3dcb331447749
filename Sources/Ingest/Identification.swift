import ShareServers

/// How a gateway makes out who calls. A claim that nothing vouches for is never recorded as somebody.
public enum Identification: Sendable {
    /// Not at all: every caller is recorded as unverified.
    case unverified
    /// By the headers of a keystonemiddleware that stands in front, and that nobody can reach the gateway past.
    case trustedHeaders
    /// As a Manila with `auth_strategy = noauth` does.
    case noauth

    /// Who called.
    func caller(of exchange: Exchange) async -> Caller {
        switch self {
        case .unverified: .unverified
        case .trustedHeaders: Caller(headersOf: exchange)
        case .noauth: Caller(noauthOf: exchange)
        }
    }
}
