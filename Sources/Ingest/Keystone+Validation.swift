public import Postgres
import ShareServers

/// Who stands behind a token, as Keystone says.
public struct KeystoneIdentity: Sendable, Hashable {
    public let userID: String
    public let userName: String?
    /// Nil for a token without a project.
    public let projectID: String?
    /// Whether it is for the cloud as a whole.
    public let isSystem: Bool
    public let roles: [String]
    public let expiresAt: Timestamp
    let revocable: RevocableToken
}

/// What Keystone says of a token.
public enum KeystoneVerdict: Sendable, Hashable {
    case valid(KeystoneIdentity)
    /// Keystone does not know it: it is forged, expired, or revoked.
    case invalid
    /// Keystone could not be asked: who it is remains unknown.
    case unknown(reason: String)
}

extension Keystone {
    struct Known {
        let verdict: KeystoneVerdict
        let until: ContinuousClock.Instant
    }

    /// Tokens that are remembered at most; about a kilobyte each.
    static let knownTokens = 10_000
    /// Tokens that are asked about at once; more are unknown.
    static let askedTokens = 256
    /// How long a token that is not valid is remembered: a caller that repeats itself is answered without Keystone.
    static let invalidMemory = Duration.seconds(10)
    /// How long Keystone is left alone after an answer that did not come.
    static let quiet = Duration.seconds(5)

    /// Whose a token is. Asks Keystone once for callers that ask at the same time, and remembers the answer until the
    /// token expires, and no longer than `memory`.
    ///
    /// Never throws: what cannot be made out is `.unknown`, at the latest after some times `patience`, and at once while Keystone
    /// is known to be away.
    ///
    /// - Parameter token: As a caller sent it in `X-Auth-Token`; it is not kept.
    public func verdict(on token: String) async -> KeystoneVerdict {
        guard let key = key(of: token) else { return .invalid }
        if let verdict = remembered(under: key) { return verdict }
        let now = ContinuousClock.now
        if let task = asking[key] { return await task.value }
        guard now >= quietUntil else { return .unknown(reason: "Keystone did not answer a moment ago") }
        guard asking.count < Self.askedTokens else { return .unknown(reason: "too many tokens are being asked about") }
        // Not the caller's own task: others wait for the answer as well.
        let task = Task { await self.ask(about: token) }
        asking[key] = task
        let verdict = await task.value
        // Only who began it cleans up, before anybody else can ask again.
        asking[key] = nil
        remember(verdict, under: key)
        return verdict
    }

    /// Whose a token is where that is remembered; nil where Keystone would have to be asked.
    public func remembered(_ token: String) -> KeystoneVerdict? {
        key(of: token).flatMap { remembered(under: $0) }
    }

    private func remembered(under key: String) -> KeystoneVerdict? {
        guard let known = known[key], known.until > .now else { return nil }
        return known.verdict
    }

    /// What stands for a token where it is remembered; nil for what can be none.
    private func key(of token: String) -> String? {
        guard Self.isPlausible(token), case .string(let key)? = redaction.seal(.string(token))["redacted"] else {
            return nil
        }
        return key
    }

    /// What could stand in a header, and is no longer than any token. Source: Keystone's Fernet and JWS tokens are below
    /// 1 KiB; PKI's were 8.
    private static func isPlausible(_ token: String) -> Bool {
        (1...16_384).contains(token.utf8.count) && token.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private func ask(about token: String) async -> KeystoneVerdict {
        do throws(IngestError) {
            let exchange = try await ask("/auth/tokens?nocatalog", headers: [("X-Subject-Token", token)])
            switch exchange.status {
            case 200:
                guard let identity = KeystoneIdentity(exchange) else {
                    return .unknown(reason: "Keystone's answer is of another form")
                }
                return identity.expiresAt > .now ? .valid(identity) : .invalid
            case 404: return .invalid
            default: throw upstream.refusal(exchange)
            }
        } catch {
            if case .cancelled = error {} else { quietUntil = .now + Self.quiet }
            return .unknown(reason: "\(error)")
        }
    }

    private func remember(_ verdict: KeystoneVerdict, under key: String) {
        // Taken back while Keystone was being asked: it may have looked before.
        guard !isRevoked(verdict) else { return }
        let now = ContinuousClock.now
        let memory: Duration
        switch verdict {
        case .valid(let identity):
            let life = Duration.microseconds(identity.expiresAt.microseconds - Timestamp.now.microseconds)
            memory = min(self.memory, life)
        case .invalid: memory = min(self.memory, Self.invalidMemory)
        case .unknown: return
        }
        if known.count >= Self.knownTokens {
            known = known.filter { $0.value.until > now }
            let surplus = known.count - Self.knownTokens * 7 / 8
            if surplus > 0 {
                for (key, _) in known.sorted(by: { $0.value.until < $1.value.until }).prefix(surplus) {
                    known[key] = nil
                }
            }
        }
        known[key] = Known(verdict: verdict, until: now + memory)
    }
}

extension KeystoneIdentity {
    /// Reads the answer to `GET /v3/auth/tokens`; nil where it names no user.
    init?(_ exchange: Exchange) {
        guard let body = try? JSON(parsing: exchange.responseBody), let token = body["token"],
            let userID = token["user"]?["id"]?.string, !userID.isEmpty,
            let expiresAt = token["expires_at"]?.string.flatMap({ Timestamp($0) })
        else { return nil }
        self.userID = userID
        userName = token["user"]?["name"]?.string
        projectID = token["project"]?["id"]?.string
        isSystem = token["system"]?["all"] == true
        roles = (token["roles"]?.array ?? []).compactMap { $0["name"]?.string }
        self.expiresAt = expiresAt
        revocable = RevocableToken(token, expiresAt: expiresAt)
    }
}
