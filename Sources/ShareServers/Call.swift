public import FoundationEssentials

/// A call to Manila's share-server API, recognised from a request.
public struct Call: Sendable, Hashable {
    public let operation: Operation
    /// As sent, in upper case.
    public let method: String
    /// The server that the path names; nil where it names none, or something that is no UUID.
    public let serverID: UUID?
    /// The project that the path names after `/v2`, as sent.
    public let pathProjectID: String?

    /// Whether a share server may be other than before once Manila has accepted the call.
    ///
    /// True for an unknown call as well, unless its method is a safe one.
    /// Source: RFC 9110, section 9.2.1, for the methods that are safe.
    public var mayChange: Bool {
        operation.isChanging || operation == .other && !["GET", "HEAD", "OPTIONS", "TRACE"].contains(method)
    }

    /// Recognises the call of an exchange; nil where it is none to the share-server API.
    public init?(recognising exchange: Exchange) {
        self.init(method: exchange.method, target: exchange.target, body: exchange.requestBody)
    }

    /// Recognises a call, whatever came of it.
    ///
    /// Read are paths `…/v2/share-servers…` and `…/v2/{project_id}/share-servers…`, percent-encoded or not, with empty
    /// and dot segments taken out as servers in front of Manila do. What Manila does not define there is `other`.
    ///
    /// - Parameters:
    ///   - method: In any case.
    ///   - target: Path and query, or the absolute form.
    ///   - body: Read for actions only; an action without a JSON object of one key is `other`.
    public init?(method: String, target: String, body: [UInt8] = []) {
        self.init(method: method, target: target) { Body(body) }
    }

    init?(method: String, target: String, body: () -> Body) {
        guard let (project, below) = Self.route(Self.segments(of: target)) else { return nil }
        self.method = method.uppercased()
        pathProjectID = project
        serverID = below.first.flatMap { UUID(server: $0) }
        switch (self.method, below.count, below.last) {
        case ("GET", 0, _): operation = .list
        case ("POST", 1, "manage"): operation = .manage
        case ("GET", 1, _): operation = .show
        case ("DELETE", 1, _): operation = .delete
        case ("GET", 2, "details"): operation = .details
        case ("POST", 2, "action"):
            let members = body().members ?? [:]
            operation = members.count == 1 ? Operation(action: members.first?.key ?? "") : .other
        default: operation = .other
        }
    }
}

// MARK: - Paths

extension Call {
    /// The decoded segments of a target's path, empty ones and `.` left out and `..` resolved.
    private static func segments(of target: String) -> [String] {
        var path = Percent.decode(originForm(of: target).utf8.prefix { $0 != 0x3F && $0 != 0x23 })
        path.makeContiguousUTF8()
        var segments: [String] = []
        for segment in path.utf8.split(separator: 0x2F) {
            switch String(Substring(segment)) {
            case ".": continue
            case "..": _ = segments.popLast()
            case let name: segments.append(name)
            }
        }
        return segments
    }

    /// The target without scheme and authority, which may hold a password.
    static func originForm(of target: String) -> String {
        let lower = target.prefix(8).lowercased()
        guard let scheme = ["http://", "https://"].first(where: { lower.hasPrefix($0) }) else { return target }
        let rest = target.utf8.dropFirst(scheme.utf8.count)
        guard let path = rest.firstIndex(where: { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 }) else { return "/" }
        let origin = String(Substring(rest[path...]))
        return origin.utf8.first == 0x2F ? origin : "/" + origin
    }

    /// What follows `share-servers` where that is the resource of a path, and the project before it.
    private static func route(_ segments: [String]) -> (project: String?, below: ArraySlice<String>)? {
        guard let version = segments.firstIndex(of: "v2") else { return nil }
        let rest = segments[(version + 1)...]
        if rest.first == "share-servers" { return (nil, rest.dropFirst()) }
        guard rest.count >= 2, rest[rest.startIndex + 1] == "share-servers", let project = rest.first,
            !otherResources.contains(project)
        else { return nil }
        return (project, rest.dropFirst(2))
    }

    /// What may stand where a project does, so that `/v2/shares/share-servers` is no call to share servers.
    /// Source: Manila, `api/v2/router.py`.
    private static let otherResources: Set<String> = [
        "availability-zones", "extensions", "limits", "messages", "os-availability-zone", "os-quota-class-sets",
        "os-quota-sets", "os-services", "os-share-manage", "os-share-unmanage", "qos-types", "quota-class-sets",
        "quota-sets", "resource-locks", "scheduler-stats", "security-services", "services", "share-access-rules",
        "share-backups", "share-group-snapshots", "share-group-types", "share-groups", "share-networks",
        "share-replicas", "share-transfers", "share_instances", "shares", "snapshot-instances", "snapshots", "types",
    ]
}

extension UUID {
    /// A share server's id as Manila writes it, in any case; nil for all else.
    init?(server text: String) {
        guard text.utf8.count == 36 else { return nil }
        self.init(uuidString: text)
    }

    /// As a subject: lower case.
    var subject: String { uuidString.lowercased() }
}
