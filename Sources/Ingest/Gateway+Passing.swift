import AsyncHTTPClient
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1

extension Gateway {
    /// Passes a request on and its answer back, both streaming.
    func pass(_ request: Request, _ target: String, _ way: Way) async throws -> Response {
        var passed = upstreamRequest(request, target, way)
        let isRepeatable = !request.hasBody && Self.isSafe(request.method)
        if request.hasBody {
            passed.body = .stream(way.body, length: request.contentLength.map { .known($0) } ?? .unknown)
        }
        let answer = try await execute(passed, isRepeatable: isRepeatable) { $0 }
        return Response(
            status: .init(code: Int(answer.status.code), reasonPhrase: answer.status.reasonPhrase),
            headers: Self.fields(answer.headers),
            body: ResponseBody { writer in
                for try await chunk in answer.body { try await writer.write(chunk) }
                try await writer.finish(nil)
            })
    }

    /// Sends a request, and again where Manila cut the connection and repeating it changes nothing.
    ///
    /// - Parameter read: Takes what is wanted of the answer; failing in it counts as well.
    func execute<Output: Sendable>(
        _ request: HTTPClientRequest, isRepeatable: Bool,
        _ read: (HTTPClientResponse) async throws -> Output
    ) async throws -> Output {
        var attempts = isRepeatable ? 3 : 1
        var isFresh = !isRepeatable
        while true {
            do {
                return try await read(try await client.execute(request, isFresh: isFresh))
            } catch {
                attempts -= 1
                let isLate = (error as? HTTPClientError) == .readTimeout
                guard attempts > 0, !Task.isCancelled, !isLate else { throw error }
                tally.count(\.retries)
                if isFresh { try await Task.sleep(for: .milliseconds(20)) }
                isFresh = true
            }
        }
    }

    /// Source: RFC 9110, section 9.2.1.
    static func isSafe(_ method: HTTPRequest.Method) -> Bool { [.get, .head, .options, .trace].contains(method) }

    /// The request as it goes on, without a body.
    func upstreamRequest(_ request: Request, _ target: String, _ way: Way) -> HTTPClientRequest {
        let upstream = settings.upstream.hasSuffix("/") ? String(settings.upstream.dropLast()) : settings.upstream
        var passed = HTTPClientRequest(url: upstream + target)
        passed.method = HTTPMethod(rawValue: request.method.rawValue)
        let dropped = Self.hopByHop(request.headers[values: .connection])
        for field in request.headers where !dropped.contains(field.name.canonicalName) && field.name != .expect {
            passed.headers.add(name: field.name.rawName, value: field.value)
        }
        if let host = request.head.authority {
            passed.headers.replaceOrAdd(name: "Host", value: host)
            Self.add("X-Forwarded-Host", host, to: &passed.headers)
        }
        Self.add("X-Forwarded-Proto", way.isSecure ? "https" : "http", to: &passed.headers)
        if let address = way.address {
            let former = passed.headers["X-Forwarded-For"]
            passed.headers.replaceOrAdd(
                name: "X-Forwarded-For", value: (former + [address]).joined(separator: ", "))
        }
        return passed
    }

    private static func add(_ name: String, _ value: String, to headers: inout HTTPHeaders) {
        if !headers.contains(name: name) { headers.add(name: name, value: value) }
    }

    /// The headers of an answer as they go back.
    static func fields(_ headers: HTTPHeaders) -> HTTPFields {
        let dropped = hopByHop(headers["Connection"])
        var fields = HTTPFields()
        for (name, value) in headers where !dropped.contains(name.lowercased()) {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        return fields
    }

    /// The names, in lower case, of headers that are for one connection only.
    ///
    /// Source: RFC 9110, section 7.6.1; `trailer`: trailers are not passed on.
    private static func hopByHop(_ connection: [String]) -> Set<String> {
        let named = connection.flatMap { $0.split(separator: ",") }.map { $0.trimmingBlanks.lowercased() }
        return Set(named).union([
            "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        ])
    }

    // MARK: Answers of the gateway's own

    /// An answer in Manila's form, which its clients show.
    static func fault(
        _ status: HTTPResponse.Status, _ name: String, _ message: String, _ headers: HTTPFields = [:]
    ) -> Response {
        let escaped = message.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let body = "{\"\(name)\": {\"code\": \(status.code), \"message\": \"\(escaped)\"}}"
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: body)))
    }

    static let broken = fault(.badRequest, "badRequest", "\(IngestError.brokenRequest)")
    static let unreachable = fault(.badGateway, "badGateway", "Manila does not answer; nothing is known to be done.")

    static let retryAfter = HTTPField.Name("Retry-After")!

    /// Why a call was not passed on.
    static let refused = fault(
        .serviceUnavailable, "serviceUnavailable",
        "Calls cannot be recorded just now, so this one was not passed on to Manila. Try again later.",
        [retryAfter: "30"])

    /// Why a call was not passed on either.
    static let busy = fault(
        .serviceUnavailable, "serviceUnavailable",
        "Too many calls are under way, so this one was not passed on to Manila. Try again in a moment.",
        [retryAfter: "1"])

    /// Why the answer to a call that was passed on is kept back.
    static let unrecorded = fault(
        .serviceUnavailable, "serviceUnavailable",
        "The call was passed on to Manila, but what came of it could not be recorded. Look before trying again.")
}

extension Request {
    var contentLength: Int64? { headers[.contentLength].flatMap { Int64($0) } }

    /// Source: RFC 9112, section 6.
    var hasBody: Bool { headers[.transferEncoding] != nil || (contentLength ?? 0) > 0 }
}

extension StringProtocol {
    /// Without blanks around it.
    public var trimmingBlanks: String {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text = text.dropFirst() }
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        return String(text)
    }
}
