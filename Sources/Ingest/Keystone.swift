public import AsyncHTTPClient
import Postgres
public import ShareServers

/// One Keystone, asked with credentials of our own: for a token, for where services are, for whose a token is.
///
/// One token is held at a time, and renewed before it expires. Tokens of others are known by their keyed hash alone.
public actor Keystone {
    private let url: String
    private let credentials: KeystoneCredentials
    let upstream: Upstream
    private var session: KeystoneSession?
    private var authenticating: Task<Result<KeystoneSession, IngestError>, Never>?

    let redaction: Redaction
    let memory: Duration
    var known: [String: Known] = [:]
    var asking: [String: Task<KeystoneVerdict, Never>] = [:]
    /// Until when nobody is asked whose a token is, because the last answer did not come.
    var quietUntil = ContinuousClock.now
    /// Those that Keystone told of last, of the last minutes.
    var revocations: [Revocation] = []

    /// - Parameters:
    ///   - url: Such as `https://keystone.example.org:5000`, with or without `/v3`.
    ///   - redaction: Makes the hashes under which tokens of others are remembered.
    ///   - http: With `HTTPClient.Configuration.upstream`; whoever made it shuts it down.
    ///   - patience: How long an answer may take.
    ///   - memory: How long an answer about a token counts at most: a revoked token may still pass for a valid one so
    ///     long where nobody asks for revocations, as `revoking` does.
    public init(
        url: String, credentials: KeystoneCredentials, redaction: Redaction, http: HTTPClient,
        patience: Duration = .seconds(10), memory: Duration = .seconds(60)
    ) {
        var base = url[...]
        while base.last == "/" { base.removeLast() }
        self.url = base.hasSuffix("/v3") ? String(base) : base + "/v3"
        self.credentials = credentials
        self.redaction = redaction
        self.memory = memory
        upstream = Upstream(service: "Keystone", http: http, patience: patience)
    }

    /// A token that is valid as far as is known.
    ///
    /// - Throws: `.away` (ask again later), `.denied` (mend the credentials), `.unintelligible`, `.cancelled`.
    func token() async throws(IngestError) -> String { try await current().token }

    /// Forgets a token that a service did not take; the next is a new one.
    func discard(_ token: String) {
        if session?.token == token { session = nil }
    }

    /// Where Manila is, by the catalogue.
    ///
    /// - Parameters:
    ///   - region: May be nil where the catalogue has Manila in one region only.
    ///   - interface: `public`, `internal` or `admin`.
    /// - Throws: As `token`; `.misconfigured` where the catalogue has no such endpoint.
    /// - Source: Service types authority: `shared-file-system`, and its alias `sharev2`.
    func manila(region: String?, interface: String) async throws(IngestError) -> String {
        let all = try await current().endpoints
        for type in ["shared-file-system", "sharev2"] {
            let found = all.filter { endpoint in
                endpoint.type == type && endpoint.interface == interface && (region == nil || endpoint.region == region)
            }
            guard Set(found.map(\.region)).count <= 1 else {
                let regions = Set(found.compactMap(\.region)).sorted().joined(separator: ", ")
                throw .misconfigured(setting: "region", reason: "Manila is in several, name one of them: \(regions)")
            }
            if let endpoint = found.first { return endpoint.url }
        }
        throw .misconfigured(
            setting: "region and interface",
            reason: "Keystone's catalogue has no \(interface) endpoint of Manila"
                + (region.map { " in region '\($0)'" } ?? ""))
    }

    /// Asks as `Upstream.ask`, with a token of our own; with a new one, once, where that is not taken.
    func ask(_ path: String, headers: [(String, String)]) async throws(IngestError) -> Exchange {
        for _ in 0..<2 {
            let token = try await token()
            let exchange = try await upstream.ask("GET", url + path, headers: [("X-Auth-Token", token)] + headers)
            guard exchange.status == 401 else { return exchange }
            discard(token)
        }
        throw .denied(service: upstream.service, reason: "it does not take the token that it has just given")
    }

    private func current() async throws(IngestError) -> KeystoneSession {
        while true {
            if let session, session.renewAt > .now { return session }
            let task =
                authenticating
                ?? Task { [url, credentials, upstream] in
                    await Self.authenticate(url, credentials, upstream)
                }
            authenticating = task
            let result = await withTaskCancellationHandler {
                await task.value
            } onCancel: {
                task.cancel()
            }
            if authenticating == task { authenticating = nil }
            switch result {
            case .success(let session):
                self.session = session
                return session
            case .failure(.cancelled):
                // Somebody else's asking was given up, and this one's with it.
                guard !Task.isCancelled else { throw .cancelled }
            case .failure(let error): throw error
            }
        }
    }

    private static func authenticate(
        _ url: String, _ credentials: KeystoneCredentials, _ upstream: Upstream
    ) async -> Result<KeystoneSession, IngestError> {
        do throws(IngestError) {
            let exchange = try await upstream.ask(
                "POST", url + "/auth/tokens", body: credentials.request.canonical())
            if let session = KeystoneSession(exchange) { return .success(session) }
            return .failure(upstream.refusal(exchange))
        } catch {
            return .failure(error)
        }
    }
}

extension Upstream {
    /// What an answer means that is not the one that was asked for.
    func refusal(_ exchange: Exchange) -> IngestError {
        let status = "HTTP \(exchange.status)"
        switch exchange.status {
        case 401, 403: return .denied(service: service, reason: status)
        case 408, 429, 500...599: return .away(service: service, reason: status)
        case 200...299:
            return .unintelligible(service: service, reason: "\(status) with a body of another form")
        default: return .unintelligible(service: service, reason: status)
        }
    }
}
