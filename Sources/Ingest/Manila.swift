public import AsyncHTTPClient
public import FoundationEssentials
import NIOHTTP1
import Postgres
public import ShareServers

/// One Manila, asked for its share servers.
public actor Manila {
    /// How one is let in.
    public enum Access: Sendable {
        /// By a token of Keystone, at the endpoint of its catalogue, or at another that is given.
        case keystone(Keystone, region: String?, interface: String, endpoint: String?)
        /// Without any, as Manila's `noauth` takes it.
        case open(endpoint: String)
    }

    private let access: Access
    private let fixed: Microversion?
    private let upstream: Upstream
    private var reached: (endpoint: String, version: Microversion)?

    /// - Parameters:
    ///   - microversion: Nil: the newest that both sides know.
    ///   - http: With `HTTPClient.Configuration.upstream`; whoever made it shuts it down.
    public init(
        access: Access, microversion: Microversion? = nil, http: HTTPClient, patience: Duration = .seconds(30)
    ) {
        self.access = access
        fixed = microversion
        upstream = Upstream(service: "Manila", http: http, patience: patience)
    }

    nonisolated var patience: Duration { upstream.patience }

    /// Every share server: the plain list, because Manila filters a joined table and pages none.
    ///
    /// - Returns: What the answer says, and its bytes, to compare with those of another time.
    /// - Throws: `.away` (ask again later), `.denied`, `.unintelligible`, `.misconfigured`, `.cancelled`.
    public func list() async throws(IngestError) -> (body: [UInt8], polled: Polled) {
        try await polled("share-servers")
    }

    /// One server with its details, or that Manila does not know it.
    ///
    /// - Throws: As `list`.
    public func show(_ server: UUID) async throws(IngestError) -> Polled {
        try await polled("share-servers/\(server.uuidString.lowercased())").polled
    }

    private func polled(_ path: String) async throws(IngestError) -> (body: [UInt8], polled: Polled) {
        let exchange = try await ask(path)
        guard let polled = Polled(exchange) else {
            // Whatever was found out about it may have changed.
            reached = nil
            throw upstream.refusal(exchange)
        }
        return (exchange.responseBody, polled)
    }

    /// Asks once more, with another token, where that one is not taken.
    private func ask(_ path: String) async throws(IngestError) -> Exchange {
        for _ in 0..<2 {
            let token = try await token()
            let (endpoint, version) = try await reach()
            let headers = [
                ("X-Auth-Token", token), ("X-OpenStack-Manila-API-Version", version.description),
                ("X-OpenStack-Manila-API-Experimental", "true"),
            ]
            let exchange = try await upstream.ask("GET", endpoint + "/" + path, headers: headers)
            guard exchange.status == 401 else { return exchange }
            guard case .keystone(let keystone, _, _, _) = access else { break }
            await keystone.discard(token)
        }
        throw .denied(service: upstream.service, reason: "HTTP 401, whatever token")
    }

    /// Source: Manila, `api/middleware/auth.py`: without Keystone, a token is a user and a project.
    private func token() async throws(IngestError) -> String {
        switch access {
        case .keystone(let keystone, _, _, _): try await keystone.token()
        case .open: "admin:admin"
        }
    }

    /// Where it is, and at which microversion; found out once, and again when it answers what is not understood.
    private func reach() async throws(IngestError) -> (endpoint: String, version: Microversion) {
        if let reached { return reached }
        var endpoint: String
        switch access {
        case .open(let url): endpoint = url
        case .keystone(_, _, _, let url?): endpoint = url
        case .keystone(let keystone, let region, let interface, nil):
            endpoint = try await keystone.manila(region: region, interface: interface)
        }
        while endpoint.last == "/" { endpoint.removeLast() }
        guard let root = endpoint.firstRange(of: "/v2") else {
            throw .misconfigured(setting: "Manila's endpoint", reason: "its path has no /v2")
        }
        let version: Microversion
        if let fixed {
            version = fixed
        } else {
            version = try await newestOfBoth(root: String(endpoint[..<root.lowerBound]) + "/")
        }
        reached = (endpoint, version)
        return (endpoint, version)
    }

    /// Source: Manila's API reference, "API versions": 300 at the root, to everybody.
    private func newestOfBoth(root: String) async throws(IngestError) -> Microversion {
        let exchange = try await upstream.ask("GET", root)
        guard [200, 300].contains(exchange.status), let body = try? JSON(parsing: exchange.responseBody),
            let versions = body["versions"]?.array
        else { throw upstream.refusal(exchange) }
        let its = versions.compactMap { $0["version"]?.string.flatMap(Microversion.init) }.filter { $0.major == 2 }
            .max()
        guard let its else { throw .unintelligible(service: upstream.service, reason: "it names no version 2") }
        return min(its, .newest)
    }
}
