import EventLog
import HTTPTypes
import Hummingbird
import Ingest
import Logging
import NIOCore
import NIOHTTP1
import Postgres
import ShareServers

/// Why a request is not answered as it would like: RFC 9457.
struct Problem: Error {
    let status: HTTPResponse.Status
    /// What was wrong, where, and what to do.
    let detail: String
    /// What else a program may want to know, such as `parameter`.
    var members: [String: JSON] = [:]
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ detail: String, _ members: [String: JSON] = [:]) {
        self.status = status
        self.detail = detail
        self.members = members
    }

    /// A query parameter that is not known, or whose value is not what is accepted.
    static func parameter(_ name: String, _ detail: String) -> Problem {
        Problem(.badRequest, "parameter '\(name)': \(detail)", ["parameter": .string(name)])
    }

    /// A method that a path does not have.
    static func notAllowed(_ method: String, allow: String) -> Problem {
        var problem = Problem(.methodNotAllowed, "\(method) is not for this path; allowed are \(allow)")
        problem.headers[.allow] = allow
        return problem
    }

    static func unavailable(_ detail: String) -> Problem {
        var problem = Problem(.serviceUnavailable, detail)
        problem.headers[.retryAfter] = "1"
        return problem
    }

    /// More than is taken at once: to be asked again later. Source: RFC 6585, section 4.
    ///
    /// - Parameter wait: Whole seconds.
    static func tooMany(_ detail: String, after wait: Int = 1) -> Problem {
        var problem = Problem(.tooManyRequests, detail)
        problem.headers[.retryAfter] = "\(wait)"
        return problem
    }

    /// Source: RFC 9110, section 15.5.9.
    static func slow(_ cut: SlowBody.Cut) -> Problem {
        var problem = Problem(
            .requestTimeout,
            "the body came in too slowly: it was waited for \(cut.waited.nanoseconds / 1_000_000_000) s; send it again, "
                + "in smaller parts")
        problem.headers[.connection] = "close"
        return problem
    }

    /// The one place that says which error is which answer.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let cut as SlowBody.Cut: self = .slow(cut)
        case IngestError.tooMuch(let limit, let what):
            self.init(.contentTooLarge, "\(IngestError.tooMuch(limit: limit, of: what))")
        case IngestError.brokenGzip(let reason):
            self.init(.badRequest, "\(IngestError.brokenGzip(reason: reason))")
        case let error as LogError:
            switch error {
            case .unavailable, .busy, .closed, .cancelled, .notCreated: self = .unavailable("\(error)")
            case .refused, .lacking, .damaged, .contradicted, .file: self.init(.internalServerError, "\(error)")
            }
        case let error as PostgresError:
            switch error {
            case .unavailable, .busy, .cancelled: self = .unavailable("\(error)")
            case .refused("57014", let query, _):
                self = .unavailable("\(query) took too long; ask for less, such as a shorter time or a smaller page")
            case .refused("42P01", _, _), .refused("3F000", _, _): self = .unavailable("\(LogError.notCreated)")
            // Questions write nothing: it is the statement that is at fault, and no standby.
            case .refused("25006", _, _): self.init(.internalServerError, "\(error)")
            case .refused, .misuse:
                self = error.isTransient ? .unavailable("\(error)") : Problem(.internalServerError, "\(error)")
            }
        case let error as any HTTPResponseError:
            self.init(
                error.status,
                error.status == .notFound ? "there is no such route; see /openapi.json" : error.status.reasonPhrase)
        case is HTTPParserError:
            self.init(.badRequest, "the body is broken off, or is not framed as its headers say; nothing more was read")
        case is CancellationError: self = .unavailable("the service is stopping")
        default: self.init(.internalServerError, "\(type(of: error))")
        }
    }

    /// Source: RFC 9457, section 3.1.
    var json: [String: JSON] {
        let body: [String: JSON] = [
            "type": "about:blank", "title": .string(status.reasonPhrase), "status": .number(Double(status.code)),
            "detail": .string(detail),
        ]
        return body.merging(members) { known, _ in known }
    }

    var response: Response {
        var response = Response(json: .object(json), status: status, contentType: "application/problem+json")
        response.headers.append(contentsOf: headers)
        return response
    }
}

/// Answers every error as a problem, below `/v2` in Manila's own form.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            var problem = Problem(error)
            if let id = context.logger.requestID { problem.members[RequestMiddleware.key] = .string(id) }
            if problem.status.kind == .serverError {
                context.logger.error("\(request.method) \(request.maskedPath): \(problem.detail)")
            }
            let isManilas = (request.uri.path.hasPrefix("/v2/") || request.uri.path.hasPrefix("/at/"))
            var response = isManilas ? ManilaFault(problem).response : problem.response
            if isManilas { response.headers.append(contentsOf: problem.headers) }
            // The answer to HEAD has no body: on a connection that stays open the next answer would be taken for it.
            return request.method == .head ? response.createHeadResponse() : response
        }
    }
}
