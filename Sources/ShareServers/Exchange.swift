public import Postgres

/// One HTTP request and its answer, as it went over the wire.
public struct Exchange: Sendable {
    /// The request's method, such as `GET`.
    public var method: String
    /// The request's target: path and query as sent, still percent-encoded. The absolute form with scheme and host,
    /// as proxies get it, is read too.
    public var target: String
    /// Names in any case, in the order sent; a name may come more than once, and the first counts.
    public var requestHeaders: [(name: String, value: String)]
    /// Without transfer and content codings; empty where there was none.
    public var requestBody: [UInt8]
    /// When the request came in, by the source's clock.
    public var startedAt: Timestamp
    /// From the first byte of the request to the last of the answer; negative where nobody measured it.
    public var duration: Duration
    /// The answer's status code; 0 where no answer came.
    public var status: Int
    public var responseHeaders: [(name: String, value: String)]
    /// Without transfer and content codings; empty where there was none.
    public var responseBody: [UInt8]
    /// The client's address, where known.
    public var remoteAddress: String?
    /// Who called; nil: who the request's headers name.
    public var caller: Caller?
    /// Why there is no answer, where that is known to be so.
    public var outcome: Outcome?
    /// The size and digest of bodies of which only the beginning was kept.
    public var wholeRequest: BodySize?
    public var wholeResponse: BodySize?

    /// What became of a call that was never answered.
    public enum Outcome: String, Sendable, Hashable {
        /// It was passed on, or may have been, and nobody knows what came of it.
        case unknown
        /// It did not reach Manila.
        case notForwarded = "not_forwarded"
    }

    public init(
        method: String, target: String, requestHeaders: [(name: String, value: String)] = [],
        requestBody: [UInt8] = [], startedAt: Timestamp, duration: Duration, status: Int,
        responseHeaders: [(name: String, value: String)] = [], responseBody: [UInt8] = [],
        remoteAddress: String? = nil
    ) {
        self.method = method
        self.target = target
        self.requestHeaders = requestHeaders
        self.requestBody = requestBody
        self.startedAt = startedAt
        self.duration = duration
        self.status = status
        self.responseHeaders = responseHeaders
        self.responseBody = responseBody
        self.remoteAddress = remoteAddress
    }
}

extension Exchange {
    /// The value of the first request header of that name, without surrounding blanks; nil where absent or empty.
    public func requestHeader(_ name: String) -> String? { Self.value(of: name, in: requestHeaders) }

    /// The value of the first answer header of that name, without surrounding blanks; nil where absent or empty.
    public func responseHeader(_ name: String) -> String? { Self.value(of: name, in: responseHeaders) }

    private static func value(of name: String, in headers: [(name: String, value: String)]) -> String? {
        let wanted = name.lowercased()
        for header in headers where header.name.utf8.count == wanted.utf8.count {
            guard header.name.lowercased() == wanted else { continue }
            let value = header.value.trimmed
            return value.isEmpty ? nil : value
        }
        return nil
    }

    /// Whether Manila did what was asked, or said that it would.
    var isAccepted: Bool { (200...299).contains(status) }

    /// When the answer stood: `startedAt` and the duration, kept within what RFC 3339 can write.
    var answeredAt: Timestamp {
        let started = min(max(startedAt, .earliest), .latest)
        return min(started.advanced(by: min(max(duration, .zero), .longest)), .latest)
    }
}

extension Duration {
    /// A week: whatever claims to have taken longer is a clock that was set.
    static let longest = Duration.seconds(7 * 86_400)
}

/// How large a body was, and its SHA-256 in hexadecimal.
public struct BodySize: Sendable, Hashable {
    public let bytes: Int
    public let sha256: String

    public init(bytes: Int, sha256: String) {
        self.bytes = bytes
        self.sha256 = sha256
    }
}

/// A body, read once.
enum Body: Sendable {
    case empty
    case json(JSON)
    /// Not JSON, or JSON that has no canonical form.
    case bytes([UInt8])
    /// The beginning of a body that was too large to be kept.
    case cut([UInt8], BodySize)

    /// So that an event that holds it, and what stands around it there, is not too deep.
    private static let depthLimit = CanonicalWriter.maximumDepth - 4

    init(_ bytes: [UInt8], whole: BodySize? = nil) {
        if let whole {
            self = .cut(bytes, whole)
        } else if bytes.isEmpty {
            self = .empty
        } else if let value = try? JSON(parsing: bytes, depthLimit: Self.depthLimit) {
            self = .json(value)
        } else {
            self = .bytes(bytes)
        }
    }

    var json: JSON? {
        if case .json(let value) = self { value } else { nil }
    }

    /// The members, where the body is a JSON object.
    var members: [String: JSON]? {
        if case .json(.object(let members)) = self { members } else { nil }
    }
}
