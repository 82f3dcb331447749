import Postgres
import ShareServers

/// That Keystone takes back tokens: all that have every attribute which it names, and were issued before a moment.
///
/// Source: keystone, `keystone/models/revoke_model.py`, and the driver's query in `keystone/revoke/backends/sql.py`.
struct Revocation: Sendable, Hashable {
    /// What of a token a revocation may name. A token may have several values of one: its user, and those of its trust.
    enum Attribute: String, Sendable, Hashable, CaseIterable {
        case user = "user_id"
        case project = "project_id"
        case domain = "domain_id"
        case domainScope = "domain_scope_id"
        case role = "role_id"
        case audit = "audit_id"
        case auditChain = "audit_chain_id"
        case trust = "OS-TRUST:trust_id"
        case consumer = "OS-OAUTH1:consumer_id"
        case accessToken = "OS-OAUTH1:access_token_id"
    }

    private let named: [Attribute: String]
    private let issuedBefore: Timestamp
    /// To the second.
    private let expiresAt: Timestamp?

    /// Reads an event of `GET /v3/OS-REVOKE/events`; nil where it is none.
    init?(_ event: JSON) {
        guard let issuedBefore = event["issued_before"]?.string.flatMap({ Timestamp($0) }) else { return nil }
        self.issuedBefore = issuedBefore
        expiresAt = event["expires_at"]?.string.flatMap { Timestamp($0) }?.wholeSeconds
        let pairs = Attribute.allCases.compactMap { name in event[name.rawValue]?.string.map { (name, $0) } }
        named = Dictionary(uniqueKeysWithValues: pairs)
    }

    /// Whether the token is among those taken back.
    func takesBack(_ token: RevocableToken) -> Bool {
        token.issuedAt <= issuedBefore && (expiresAt == nil || expiresAt == token.expiresAt.wholeSeconds)
            && named.allSatisfy { name, value in token.attributes[name]?.contains(value) == true }
    }
}

/// What a token is taken back by.
struct RevocableToken: Sendable, Hashable {
    let issuedAt: Timestamp
    let expiresAt: Timestamp
    let attributes: [Revocation.Attribute: Set<String>]

    /// Reads the member `token` of the answer to `GET /v3/auth/tokens`.
    ///
    /// - Parameter expiresAt: As that member says.
    ///
    /// Source: keystone, `keystone/common/render_token.py`.
    init(_ token: JSON, expiresAt: Timestamp) {
        self.expiresAt = expiresAt
        // A token that does not say when it was issued counts as an old one: it is asked about again in vain at most.
        issuedAt = token["issued_at"]?.string.flatMap { Timestamp($0) } ?? Timestamp(microseconds: 0)
        let trust = token["OS-TRUST:trust"]
        let oauth = token["OS-OAUTH1"]
        let audit = token["audit_ids"]?.array ?? []
        func texts(_ values: JSON?...) -> Set<String> { Set(values.compactMap { $0?.string }) }
        attributes = [
            .user: texts(token["user"]?["id"], trust?["trustor_user"]?["id"], trust?["trustee_user"]?["id"]),
            .project: texts(token["project"]?["id"]),
            .domain: texts(token["user"]?["domain"]?["id"], token["project"]?["domain"]?["id"], token["domain"]?["id"]),
            .domainScope: texts(token["domain"]?["id"]),
            .role: Set((token["roles"]?.array ?? []).compactMap { $0["id"]?.string }),
            .audit: texts(audit.first),
            .auditChain: texts(audit.dropFirst().first),
            .trust: texts(trust?["id"]),
            .consumer: texts(oauth?["consumer_id"]),
            .accessToken: texts(oauth?["access_token_id"]),
        ]
    }
}

extension Timestamp {
    fileprivate var wholeSeconds: Timestamp { Timestamp(microseconds: microseconds / 1_000_000 * 1_000_000) }
}
