import HTTPTypes
import Hummingbird
import Logging

/// Lets in who may, before anything of a request is looked at.
struct AdmissionMiddleware: RouterMiddleware {
    typealias Context = QueryContext

    /// Nil: everybody may do all.
    let admission: Admission?
    /// Nil: reads are not recorded.
    let recording: ReadRecording?

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        let need = RouteAccess.need(request.method, context.endpointPath)
        guard let admission, need != .everyone else {
            context.asker = .anyone
            let anyone = context
            return try await recorded(request, anyone, need) { try await next(request, anyone) }
        }
        let asker = try await admission.admit(try Credential(request), from: context.origin)
        context.asker = asker
        if let key = asker.key { context.logger[metadataKey: "asker"] = .string(key) }
        let admitted = context
        return try await recorded(request, admitted, need) {
            try await admission.permit(asker, need) { try await next(request, admitted) }
        }
    }
}
