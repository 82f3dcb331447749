/// Who asked for something, and whether that has been made sure of.
public struct Caller: Sendable, Hashable {
    public var userID: String?
    public var userName: String?
    public var projectID: String?
    public var roles: [String]?
    /// Whether something that can be trusted says so; what is not verified has no names.
    public let isVerified: Bool

    /// Nobody has said who it is, or nobody that can be trusted.
    public static let unverified = Caller(isVerified: false)

    private init(isVerified: Bool) { self.isVerified = isVerified }

    /// A caller that something trusted has told of.
    public init(userID: String?, userName: String? = nil, projectID: String? = nil, roles: [String]? = nil) {
        self.init(isVerified: true)
        self.userID = userID
        self.userName = userName
        self.projectID = projectID
        self.roles = roles
    }

    /// What Keystone's middleware puts into the headers of a request that it has let through.
    ///
    /// Source: keystonemiddleware, `auth_token`; `X-Identity-Status` is `Confirmed` or `Invalid`, and missing where
    /// something else stands in front.
    public init(headersOf exchange: Exchange) {
        let status = exchange.requestHeader("X-Identity-Status")
        guard status == nil || status == "Confirmed", let user = exchange.requestHeader("X-User-Id") else {
            self = .unverified
            return
        }
        self.init(
            userID: user, userName: exchange.requestHeader("X-User-Name"),
            projectID: exchange.requestHeader("X-Project-Id"), roles: exchange.requestHeader("X-Roles").map(Self.roles))
    }

    /// As a Manila with `auth_strategy = noauth` takes it from the token, which is `user:project` or `user` there.
    ///
    /// Source: Manila, `api/middleware/auth.py`, `NoAuthMiddlewareBase`.
    public init(noauthOf exchange: Exchange) {
        guard let token = exchange.requestHeader("X-Auth-Token") else {
            self = .unverified
            return
        }
        let parts = token.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let project = parts.count > 1 && !parts[1].isEmpty ? parts[1] : parts[0]
        self.init(userID: parts[0], projectID: project)
    }

    /// Names separated by commas.
    static func roles(_ text: String) -> [String] {
        text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
    }
}
