/// Calls as an audit tells them.
extension Call {
    /// Recognises an audited call as far as the audit can tell: an action that it does not name is `other`.
    ///
    /// The filter tells HEAD as it does GET; all else that could be one of several methods has none.
    public init?(recognising audit: Audit) {
        self.init(method: Self.method(of: audit) ?? "", target: audit.target) {
            guard audit.action.hasPrefix("update/") else { return .empty }
            return .json(.object([String(audit.action.dropFirst("update/".count)): .null]))
        }
    }

    /// The `call` event of one half of an audited call: the same half gives the same event, byte for byte.
    ///
    /// It says what the filter took the `outcome` for, which tells it from the event of an exchange. The server that a
    /// manage call made is not known.
    ///
    /// - Parameters:
    ///   - audit: The one that this call was recognised from.
    ///   - source: Where the audit was told, a URI reference.
    ///   - redaction: Takes out the secrets of the query. An audit's credentials are not kept at all.
    /// - Throws: `.invalid` where `source` is none.
    public func event(of audit: Audit, source: String, redaction: Redaction) throws(EventError) -> Event {
        let target = redaction.redact(target: Self.originForm(of: audit.target))
        var data: [String: JSON] = [
            "operation": .string(operation.rawValue),
            "path": .string(target.clipped(bytes: 8192)),
            "outcome": .string(audit.outcome.clipped(bytes: 32)),
        ]
        if !method.isEmpty { data["method"] = .string(method) }
        if let status = audit.status {
            data["http_status"] = .number(Double(status))
            if status >= 400 { data["fault"] = ["code": .number(Double(status))] }
        }
        if let duration = audit.duration {
            let (seconds, attoseconds) = min(duration, .longest).components
            data["duration_ms"] = .number(Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000)
        }
        data["request_id"] = Self.known(audit.initiator["request_id"])
        data["global_request_id"] = Self.known(audit.initiator["global_request_id"])
        data["remote_address"] = Self.known(audit.initiator["host"]?["address"])
        data["actor"] = actor(of: audit)
        return try Event(
            id: audit.eventID(isRequest: audit.isRequest), source: source, type: EventType.call, time: audit.startedAt,
            subject: serverID?.subject, data: redaction.redact(.object(data)))
    }

    private func actor(of audit: Audit) -> JSON? {
        var actor: [String: JSON] = [:]
        actor["user_id"] = Self.known(audit.initiator["id"])
        actor["user_name"] = Self.known(audit.initiator["name"])
        actor["project_id"] = Self.known(audit.initiator["project_id"]) ?? pathProjectID.flatMap(Self.name)
        if let roles = audit.initiator["roles"]?.array {
            actor["roles"] = .array(roles.prefix(64).compactMap { Self.known($0) })
        }
        return actor.isEmpty ? nil : .object(actor)
    }

    /// A name; nil for what the filter writes where it knows none. Source: pycadf, `cadftaxonomy.py`, `UNKNOWN`.
    private static func known(_ value: JSON?) -> JSON? {
        guard let text = value?.string, text != "unknown" else { return nil }
        return name(text)
    }

    /// Nil where the action may stand for several.
    ///
    /// Source: keystonemiddleware, `audit/_api.py`, `_get_action`: only POST makes `create`, and `update` with a name
    /// behind it on a path that ends in `action`; a path that its map does not know is updated by POST, too, and Manila
    /// accepts nothing else on `manage`.
    private static func method(of audit: Audit) -> String? {
        let path = audit.target.prefix { $0 != "?" }.split(separator: "/")
        let isAccepted = audit.status.map { (200...299).contains($0) } ?? false
        return switch audit.action.prefix(while: { $0 != "/" }) {
        case "read": "GET"
        case "delete": "DELETE"
        case "create": "POST"
        case "update" where path.last == "action" && audit.action.utf8.count > "update/".utf8.count: "POST"
        case "update" where path.last == "manage" && isAccepted: "POST"
        default: nil
        }
    }
}

extension Audit {
    /// The id of the event of either half, so that the answer's can be looked for when the request's is known.
    func eventID(isRequest: Bool) -> String {
        let name = id.isPlainName ? id : Digest.hexadecimal([Array(id.utf8)])
        return name + (isRequest ? "/request" : "/answer")
    }

    /// An event with the source, id and time of the answer's, and nothing else in it.
    public func answerKey(source: String) throws(EventError) -> Event {
        try Event(id: eventID(isRequest: false), source: source, type: EventType.call, time: startedAt, data: [:])
    }
}
