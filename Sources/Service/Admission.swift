import HTTPTypes
import Postgres
import Queries
import Schema

/// Who is let in: looks up tokens, asks Keystone, and keeps everybody within what they may ask.
///
/// What is found out is remembered for some seconds, in this process alone: see `memory`. Where neither can be asked,
/// nobody is let in (503).
public actor Admission {
    /// How much one asker may ask.
    public struct Limits: Sendable {
        /// Requests a second; twice as many at once, after a pause.
        public var rate = 1_000
        /// Requests under way.
        public var concurrency = 64
        /// Requests a second of one address that let nobody in, and how many at once after a pause.
        var failures = (perSecond: 1.0, most: 20.0)

        public init() {}
    }

    /// How long what is known of a token counts: a revoked one may still let its holder in for so long.
    public static let memory = Duration.seconds(5)
    /// How long it counts that there are no tokens: whoever made the first may see others read for so long.
    static let untokenedMemory = Duration.seconds(1)
    /// Tokens that are remembered; about 300 bytes each.
    static let knownTokens = 10_000
    /// How often it is noted when tokens were last used.
    static let noting = Duration.seconds(60)

    let pool: Pool
    private let isLoopback: Bool
    private let keystone: KeystoneAccess?
    private let limits: Limits

    private var known: [String: (token: Queries.Access.FetchToken?, until: ContinuousClock.Instant)] = [:]
    private var asking: [String: Task<Result<Queries.Access.FetchToken?, PostgresError>, Never>] = [:]
    private var tokensExist = false
    private var noTokensUntil = ContinuousClock.now
    /// Not noted yet, by id.
    var uses: [String: Timestamp] = [:]
    private var allowances: Allowances
    private var failures: Allowances
    private(set) var underWay: [String: Int] = [:]
    private(set) var refused = Dictionary(uniqueKeysWithValues: Refusal.allCases.map { ($0, 0) })

    /// Why somebody is not let in.
    enum Refusal: String, Sendable, CaseIterable {
        case missing, malformed, unknown, expired, revoked, forbidden, rate, concurrency, failures, unavailable
    }

    /// - Parameters:
    ///   - url: A connection as a member of `dossier_writer`.
    ///   - isLoopback: Whether only this machine reaches the service: then nobody needs a token while there are none.
    ///   - keystone: Nil: tokens of Keystone let nobody in.
    public init(url: String, isLoopback: Bool, keystone: KeystoneAccess? = nil, limits: Limits = Limits()) {
        pool = Pool(
            url: url, limit: 2, wait: .seconds(5),
            setup: [
                Role.writer.setup, "SET statement_timeout = '5s'", "SET application_name = 'dossier access'",
            ])
        self.isLoopback = isLoopback
        self.keystone = keystone
        self.limits = limits
        allowances = Allowances(perSecond: Double(limits.rate), most: Double(limits.rate) * 2)
        failures = Allowances(perSecond: limits.failures.perSecond, most: limits.failures.most)
    }

    // MARK: - Who it is

    /// Who shows a credential.
    ///
    /// - Parameters:
    ///   - credential: Nil where a request brings none.
    ///   - origin: Where it comes from, for the limit of failures.
    /// - Throws: 401 with what to do; 429 where too many of one origin failed; 503 where it cannot be looked up.
    func admit(_ credential: Credential?, from origin: String) async throws -> Asker {
        do {
            guard let credential else { return try await admitUnnamed(origin) }
            if let token = Token(credential.text) { return try await admit(token, origin) }
            // OpenStack's clients show a token wherever they are sent, also where nobody needs one.
            if !credential.text.hasPrefix(Token.prefix), try await isOpen() { return .anyone }
            guard let keystone, !credential.text.hasPrefix(Token.prefix) else {
                throw fail(.malformed, origin, "the token is malformed: a character is missing or mistyped")
            }
            return try await admit(credential, keystone, origin)
        } catch let error where Problem(error).status == .serviceUnavailable {
            refused[.unavailable, default: 0] += 1
            throw error
        }
    }

    private func admitUnnamed(_ origin: String) async throws -> Asker {
        if try await isOpen() { return .anyone }
        throw fail(
            .missing, origin,
            keystone == nil
                ? "a token is needed, as 'Authorization: Bearer dossier_…'; 'dossier tokens create' makes one"
                : "a token is needed: Keystone's as 'X-Auth-Token', or one that 'dossier tokens create' made as "
                    + "'Authorization: Bearer dossier_…'")
    }

    /// Whether nobody needs a token: only this machine reaches the service, Keystone lets nobody in, and no token was ever
    /// made; once there was one it stays closed.
    private func isOpen() async throws -> Bool {
        guard isLoopback, keystone == nil, !tokensExist else { return false }
        if noTokensUntil > .now { return true }
        tokensExist = try await pool.fetchOne(Queries.Access.fetchTokensExist()).exist
        noTokensUntil = .now + Self.untokenedMemory
        return !tokensExist
    }

    private func admit(_ token: Token, _ origin: String) async throws -> Asker {
        guard let row = try await row(of: token.id, origin), token.isProven(by: row.secretHash.bytes) else {
            throw fail(.unknown, origin, "the token is not known")
        }
        guard !row.isRevoked else { throw fail(.revoked, origin, "the token was revoked; ask for another") }
        if let expiresAt = row.expiresAt, expiresAt <= .now {
            throw fail(.expired, origin, "the token expired at \(expiresAt); ask for another")
        }
        guard let role = AccessRole(rawValue: row.role) else { throw fail(.unknown, origin, "the token is not known") }
        uses[token.id] = .now
        return Asker(identity: .token(id: token.id, name: row.name), roles: [role], projects: row.projects)
    }

    private func row(of id: String, _ origin: String) async throws -> Queries.Access.FetchToken? {
        if let entry = known[id], entry.until > .now { return entry.token }
        if known[id]?.token == nil { try limitFailures(origin) }
        let task =
            asking[id]
            ?? Task { [pool] in
                do {
                    return .success(try await pool.fetchOptional(Queries.Access.fetchToken(id: id)))
                } catch {
                    return .failure(error as? PostgresError ?? .unavailable(reason: "\(type(of: error))"))
                }
            }
        asking[id] = task
        let found = await task.value
        if asking[id] == task { asking[id] = nil }
        let token = try found.get()
        if known.count >= Self.knownTokens {
            known = known.filter { $0.value.until > .now }
            if known.count >= Self.knownTokens { known = [:] }
        }
        known[id] = (token, .now + Self.memory)
        return token
    }

    private func admit(_ credential: Credential, _ keystone: KeystoneAccess, _ origin: String) async throws -> Asker {
        if let asker = await keystone.remembered(credential.text) { return asker }
        try limitFailures(origin)
        switch await keystone.asker(of: credential.text) {
        case .admitted(let asker): return asker
        case .unknown: throw fail(.unknown, origin, "Keystone does not know the token: it expired, or was revoked")
        case .away:
            var problem = Problem.unavailable("Keystone cannot be asked whose the token is; try again")
            problem.headers[.retryAfter] = "5"
            throw problem
        }
    }

    private func limitFailures(_ origin: String) throws(Problem) {
        guard let wait = failures.wait(origin) else { return }
        refused[.failures, default: 0] += 1
        throw .tooMany("too many requests from there brought no token that is known; try again later", after: wait)
    }

    /// A failure of an origin, which is told as one too many where there were enough.
    private func fail(_ refusal: Refusal, _ origin: String, _ detail: String) -> Problem {
        if let wait = failures.wait(origin) {
            refused[.failures, default: 0] += 1
            return .tooMany("too many requests from there let nobody in; try again later", after: wait)
        }
        failures.charge(origin)
        refused[refusal, default: 0] += 1
        return .unauthorized(detail, isGiven: refusal != .missing)
    }

    // MARK: - What they may

    /// Runs `body` where the asker may, and within what they may ask.
    ///
    /// - Throws: 403, 429; what `body` throws.
    nonisolated func permit<Output: Sendable>(
        _ asker: Asker, _ need: RouteAccess, _ body: () async throws -> Output
    ) async throws -> Output {
        try await enter(asker, need)
        do {
            let output = try await body()
            await leave(asker)
            return output
        } catch {
            await leave(asker)
            throw error
        }
    }

    private func enter(_ asker: Asker, _ need: RouteAccess) throws(Problem) {
        guard asker.may(need) else {
            refused[.forbidden, default: 0] += 1
            throw .forbidden(need, asker)
        }
        guard let key = asker.key else { return }
        if let wait = allowances.wait(key) {
            refused[.rate, default: 0] += 1
            throw .tooMany("more than \(limits.rate) requests a second with one token; try again later", after: wait)
        }
        guard underWay[key, default: 0] < limits.concurrency else {
            refused[.concurrency, default: 0] += 1
            throw .tooMany("\(limits.concurrency) requests with this token are under way; wait for them", after: 1)
        }
        allowances.charge(key)
        underWay[key, default: 0] += 1
    }

    private func leave(_ asker: Asker) {
        guard let key = asker.key, let count = underWay[key] else { return }
        underWay[key] = count > 1 ? count - 1 : nil
    }
}
