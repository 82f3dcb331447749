import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import ShareServers

/// Gives every request an id, which stands in all its log lines and in its answer, and logs how it was answered.
struct RequestMiddleware: RouterMiddleware {
    typealias Context = QueryService.Context

    /// Nil: answers are not logged.
    let access: Logger.Level?

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let id = Self.id(of: request)
        var context = context
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: Self.key] = .string(id)
        context.requestID = id
        var response = try await next(request, context)
        response.headers[.requestID] = id
        if let access {
            let took = start.duration(to: .now) / .milliseconds(1)
            context.logger.log(
                level: access, "answered",
                metadata: [
                    "method": .string(request.method.rawValue), "path": .string(request.maskedPath),
                    "status": "\(response.status.code)", "duration_ms": "\(Int64(took.rounded()))",
                ])
        }
        return response
    }

    /// The name of the id in the log, and in a problem.
    static let key = "request_id"

    /// The id that a request brings, so that it can be followed through several services; else a new one.
    private static func id(of request: Request) -> String {
        guard let given = request.headers[.requestID], (1...128).contains(given.utf8.count),
            given.utf8.allSatisfy(isPlain)
        else { return "req-" + UUID().uuidString.lowercased() }
        return given
    }

    /// Letters, digits, and `-`, `_`, `.`, `:`: nothing that a log or a terminal takes for something else.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}

extension Logger {
    /// The id of the request that this is the logger of.
    var requestID: String? {
        if case .string(let id)? = self[metadataKey: RequestMiddleware.key] { id } else { nil }
    }
}

extension Request {
    /// The path for logs: tokens and whatever else looks like a secret are masked.
    var maskedPath: String { Redaction.masked(path: Token.hidden(in: uri.path)) }
}

extension HTTPField.Name {
    static let requestID = HTTPField.Name("X-Request-Id")!
}
