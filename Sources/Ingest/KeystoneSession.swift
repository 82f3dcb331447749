import Postgres
import ShareServers

/// A token of our own, and what Keystone told with it.
struct KeystoneSession: Sendable {
    let token: String
    /// From when on another is asked for: this one has still some time to live.
    let renewAt: Timestamp
    let endpoints: [Endpoint]

    struct Endpoint: Sendable, Hashable {
        let type: String
        let interface: String
        let region: String?
        let url: String
    }

    /// Of its life, that a token is used for.
    private static let share = 0.9

    /// Reads the answer to `POST /v3/auth/tokens`; nil where it is none.
    ///
    /// Source: Identity API v3, "Authentication and token management".
    init?(_ exchange: Exchange) {
        guard exchange.status == 201 || exchange.status == 200, let token = exchange.responseHeader("X-Subject-Token"),
            let body = try? JSON(parsing: exchange.responseBody), case .object(let members)? = body["token"],
            let expiresAt = members["expires_at"]?.string.flatMap({ Timestamp($0) })
        else { return nil }
        self.token = token
        let life = max(0, expiresAt.microseconds - exchange.startedAt.microseconds)
        renewAt = Timestamp(microseconds: exchange.startedAt.microseconds + Int64(Double(life) * Self.share))
        endpoints = (members["catalog"]?.array ?? []).flatMap { service -> [Endpoint] in
            guard let type = service["type"]?.string else { return [] }
            return (service["endpoints"]?.array ?? []).compactMap { endpoint in
                guard let interface = endpoint["interface"]?.string, let url = endpoint["url"]?.string else {
                    return nil
                }
                let region = endpoint["region_id"]?.string ?? endpoint["region"]?.string
                return Endpoint(type: type, interface: interface, region: region, url: url)
            }
        }
    }
}
