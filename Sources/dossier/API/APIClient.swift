import AsyncHTTPClient
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOSSL
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Asks the query API of one Dossier.
struct APIClient: Sendable {
    /// Such as `http://127.0.0.1:8787`, without a slash at the end.
    let url: String
    private let http: HTTPClient
    /// Sent with every question; a secret.
    private let token: String?

    /// The longest answer that is read: 1,000 entries of 64 KiB, and what stands around them.
    private static let answerBytes = 160 << 20
    /// How long an answer may take; a page of a long log is read from disk.
    private static let patience = TimeAmount.seconds(60)
    /// The most items of one page. Source: the query API.
    static let pageItems = 1000

    /// Lends a client to `body`, and closes its connections after.
    ///
    /// - Throws: `Failure` where what is set cannot be; what `body` throws.
    static func with<T: Sendable>(
        _ options: APIOptions, _ body: @Sendable (APIClient) async throws -> T
    ) async throws -> T {
        try await with(
            url: try options.address(), token: try options.token(), authority: try options.authority(), body)
    }

    /// - Parameters:
    ///   - token: Nil: none.
    ///   - authority: Whose certificates are trusted; nil: those that this machine trusts.
    static func with<T: Sendable>(
        url: String, token: String? = nil, authority: [NIOSSLCertificate]? = nil,
        _ body: @Sendable (APIClient) async throws -> T
    ) async throws -> T {
        var configuration = HTTPClient.Configuration()
        // Where nobody listens, waiting for somebody who might is not what the reader wants.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        // A token is for the address that was given.
        configuration.redirectConfiguration = .disallow
        if let authority {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(authority)
            configuration.tlsConfiguration = tls
        }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let client = APIClient(url: String(url.trimmingSuffix("/")), http: http, token: token)
        do {
            let value = try await body(client)
            try await http.shutdown()
            return value
        } catch {
            try await http.shutdown()
            throw error
        }
    }

    /// The answer to `GET path?query`; parameters that are nil are left out.
    ///
    /// - Throws: `APIError`.
    func get(_ path: String, _ query: [(name: String, value: String?)] = []) async throws -> JSON {
        var request = HTTPClientRequest(url: url + path + Self.text(of: query))
        request.headers.add(name: "Accept", value: "application/json")
        let (status, _, bytes) = try await answer(to: request)
        guard (200..<300).contains(status) else { throw Self.refusal(status, bytes, url) }
        guard let answer = try? JSON(parsing: bytes), case .object = answer else {
            throw APIError.notDossier(url: url, reason: "the answer (HTTP \(status)) is no JSON object")
        }
        return answer
    }

    private func answer(to question: HTTPClientRequest) async throws -> (status: Int, type: String?, bytes: [UInt8]) {
        var request = question
        request.headers.add(name: "User-Agent", value: "dossier/\(Dossier.version)")
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        do {
            let response = try await http.execute(request, timeout: Self.patience)
            return (
                Int(response.status.code), response.headers.first(name: "Content-Type"),
                Array(buffer: try await response.body.collect(upTo: Self.answerBytes))
            )
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw APIError.unreachable(url: url, reason: Self.reason(error))
        }
    }

    /// What an answer that is none says.
    private static func refusal(_ status: Int, _ bytes: [UInt8], _ url: String) -> APIError {
        guard let problem = try? JSON(parsing: bytes), let title = problem.text("title") else {
            return .notDossier(url: url, reason: "it answered HTTP \(status), and no problem in JSON")
        }
        return .refused(status: status, title: title, detail: problem.text("detail"))
    }

    /// The answer to `GET path` where it is text.
    ///
    /// - Throws: `APIError`.
    func text(_ path: String) async throws -> String {
        let request = HTTPClientRequest(url: url + path)
        let (status, type, bytes) = try await answer(to: request)
        guard (200..<300).contains(status) else { throw Self.refusal(status, bytes, url) }
        guard type?.hasPrefix("text/plain") == true else {
            throw APIError.notDossier(url: url, reason: "the answer is no text")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Hands the answers to `GET path?query`, page by page, to `body`, with at most `limit` items all together.
    ///
    /// - Parameters:
    ///   - items: The member that holds the items.
    ///   - limit: Nil: all there are.
    ///   - body: Takes a page, its items, and whether it is the last that is wanted.
    /// - Returns: Whether there is more than `limit`.
    /// - Throws: `APIError`, and whatever `body` throws.
    func pages(
        _ path: String, _ query: [(name: String, value: String?)], items: String, limit: Int?,
        _ body: (_ page: JSON, _ items: [JSON], _ isLast: Bool) async throws -> Void
    ) async throws -> Bool {
        var left = limit ?? .max
        var cursor: String?
        while true {
            let page = try await get(
                path, query + [("limit", String(min(left, Self.pageItems))), ("cursor", cursor)])
            let found = Array(page.elements(items).prefix(left))
            left -= found.count
            cursor = page.text("next_cursor")
            let isLast = cursor == nil || left == 0
            try await body(page, found, isLast)
            if isLast { return cursor != nil }
        }
    }

    // MARK: Texts

    static func text(of query: [(name: String, value: String?)]) -> String {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(escaped($0))" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    /// Source: RFC 3986, section 2.3, the unreserved characters.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return escaped
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case let error as IOError: String(cString: strerror(error.errnoCode))
        default: String(describing: error)
        }
    }
}

extension String {
    func trimmingSuffix(_ suffix: Character) -> Substring {
        var text = self[...]
        while text.last == suffix { text.removeLast() }
        return text
    }
}
