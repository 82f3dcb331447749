import Crypto
import FoundationEssentials
import Postgres

extension Call {
    /// The `call` event of an exchange: the same exchange gives the same event, byte for byte, and another one with
    /// the same request id another id.
    ///
    /// Bodies that would take the event past `Event.maximumBytes` are left out with their size, digest and start, and
    /// so are bodies that are no JSON; names and paths longer than Manila allows are cut.
    ///
    /// - Parameters:
    ///   - exchange: The one that this call was recognised from.
    ///   - source: Where the exchange was seen, a URI reference.
    ///   - redaction: Takes out the secrets of bodies and query.
    /// - Throws: `.invalid` where `source` is none, or the exchange began outside the years 1 to 9999.
    public func event(
        of exchange: Exchange, source: String, redaction: Redaction
    ) throws(EventError) -> Event {
        try event(
            of: exchange, request: Body(exchange.requestBody, whole: exchange.wholeRequest),
            response: Body(exchange.responseBody, whole: exchange.wholeResponse), source: source, redaction: redaction)
    }

    /// The same, of bodies that have been read already.
    func event(
        of exchange: Exchange, request: Body, response: Body, source: String, redaction: Redaction, id: String? = nil
    ) throws(EventError) -> Event {
        guard (Timestamp.earliest...Timestamp.latest).contains(exchange.startedAt) else {
            throw .invalid(attribute: "time", reason: "a time in the years 1 to 9999 is expected")
        }
        var data = head(of: exchange, redaction: redaction)
        data["fault"] = Fault(exchange: exchange, response: response).map { redaction.redact($0.json) }
        let sent = Evidence(request, raw: exchange.requestBody, redaction: redaction)
        let got = Evidence(response, raw: exchange.responseBody, redaction: redaction)
        let summary = exchange.isAccepted ? summary(of: response) : nil
        var subject = serverID
        if operation == .manage, exchange.isAccepted { subject = managedServer(in: response) }

        for (isSentWhole, isGotWhole) in Evidence.attempts(sent, summary == nil ? got : nil) {
            data["request"] = isSentWhole ? sent.whole : sent.omitted
            data["response"] = summary ?? (isGotWhole ? got.whole : got.omitted)
            let id = id ?? eventID(of: exchange, data: .object(data), seen: summary == nil ? nil : got.canonical)
            do {
                return try Event(
                    id: id, source: source, type: EventType.call, time: exchange.startedAt, subject: subject?.subject,
                    data: .object(data))
            } catch {
                guard case .tooLarge = error, isSentWhole || isGotWhole else { throw error }
            }
        }
        throw .tooLarge(bytes: sent.canonical.count + got.canonical.count)
    }

    /// Everything but the bodies and what is read from them.
    func head(of exchange: Exchange, redaction: Redaction) -> [String: JSON] {
        let target = redaction.redact(target: Self.originForm(of: exchange.target))
        var data: [String: JSON] = [
            "operation": .string(operation.rawValue),
            "method": .string(method.clipped(bytes: 32)),
            "path": .string(target.clipped(bytes: 8192)),
        ]
        func set(_ name: String, _ value: String?) {
            data[name] = value.flatMap(Self.name)
        }
        set("microversion", exchange.requestHeader("X-OpenStack-Manila-API-Version"))
        set("request_id", exchange.requestID)
        set("global_request_id", exchange.globalRequestID)
        set("remote_address", exchange.remoteAddress)
        if (100...599).contains(exchange.status) { data["http_status"] = .number(Double(exchange.status)) }
        if exchange.duration >= .zero {
            let (seconds, attoseconds) = min(exchange.duration, .longest).components
            data["duration_ms"] = .number(Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000)
        }
        data["actor"] = actor(of: exchange)
        data["outcome"] = exchange.outcome.map { .string($0.rawValue) }
        return redaction.redact(.object(data)).object ?? data
    }

    /// At most 256 bytes; nil where nothing is left.
    static func name(_ text: String) -> JSON? {
        let name = text.clipped(bytes: 256)
        return name.isEmpty ? nil : .string(name)
    }

    /// Who called: as it was made out, or else by what Keystone's middleware put into the headers; nil where nothing is
    /// known.
    private func actor(of exchange: Exchange) -> JSON? {
        var actor: [String: JSON] = [:]
        func set(_ name: String, _ value: String?) {
            actor[name] = value.flatMap(Self.name)
        }
        let caller = exchange.caller
        set("user_id", caller.map(\.userID) ?? exchange.requestHeader("X-User-Id"))
        set("user_name", caller.map(\.userName) ?? exchange.requestHeader("X-User-Name"))
        set("project_id", caller.map(\.projectID) ?? exchange.requestHeader("X-Project-Id") ?? pathProjectID)
        if let roles = caller.map(\.roles) ?? exchange.requestHeader("X-Roles").map(Caller.roles) {
            actor["roles"] = .array(roles.prefix(64).compactMap { Self.name($0) })
        }
        actor["verified"] = caller.map { .bool($0.isVerified) }
        return actor.isEmpty ? nil : .object(actor)
    }

    /// What stands for the answer to a read: how much was seen. What was seen becomes events of its own.
    private func summary(of response: Body) -> JSON? {
        guard operation.isReading, let members = response.members else { return nil }
        switch operation {
        case .list:
            guard case .array(let servers)? = members["share_servers"] else { return nil }
            return ["share_servers": .number(Double(servers.count))]
        case .show:
            guard case .object(let server)? = members["share_server"], case .string(let status)? = server["status"]
            else { return nil }
            return ["status": .string(status.clipped(bytes: 256))]
        default:
            guard case .object(let details)? = members["details"] else { return nil }
            return ["details": .number(Double(details.count))]
        }
    }

    /// The server that Manila made for a manage call.
    private func managedServer(in response: Body) -> UUID? {
        guard case .object(let server)? = response.members?["share_server"], case .string(let id)? = server["id"]
        else { return nil }
        return UUID(server: id)
    }

    /// The request id, for those who read the log, and a digest of all that was seen, in which no secret takes part.
    private func eventID(of exchange: Exchange, data: JSON, seen: [UInt8]?) -> String {
        let digest = Digest.hexadecimal([
            Array(exchange.startedAt.description.utf8), data.canonical(), seen ?? [],
        ]).prefix(32)
        guard let requestID = exchange.requestID, requestID.isPlainName else {
            return "\(operation.rawValue)/\(digest)"
        }
        return "\(requestID)/\(operation.rawValue)/\(digest)"
    }
}

extension Exchange {
    /// Source: oslo.middleware, `request_id.py`; `x-compute-request-id` is its older name.
    var requestID: String? { responseHeader("x-openstack-request-id") ?? responseHeader("x-compute-request-id") }

    /// The id that the caller gave to a chain of requests. Source: oslo.middleware, which drops other forms.
    var globalRequestID: String? {
        requestHeader("X-OpenStack-Request-ID").flatMap { $0.hasPrefix("req-") && $0.isPlainName ? $0 : nil }
    }
}

extension String {
    /// Whether the text is 1 to 128 letters, digits and `-`, `.`, `_`.
    var isPlainName: Bool {
        (1...128).contains(utf8.count)
            && utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }
}

/// SHA-256 over a list of byte strings, each with its length, so that no two lists run together.
enum Digest {
    static func hexadecimal(_ parts: [[UInt8]]) -> String {
        var hash = SHA256()
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).bigEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: part)
        }
        return hash.finalize().hexadecimal
    }
}
