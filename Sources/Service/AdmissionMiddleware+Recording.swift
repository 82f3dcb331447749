import HTTPTypes
import Hummingbird

extension AdmissionMiddleware {
    /// Runs `body`, and records how it answered where reads are recorded.
    ///
    /// What is put off (429) is not: whoever asks too often would fill the log with it.
    func recorded(
        _ request: Request, _ context: Context, _ need: RouteAccess, _ body: () async throws -> Response
    ) async throws -> Response {
        guard let recording, need == .read || need == .readAll else { return try await body() }
        let response: Response
        do {
            response = try await body()
        } catch {
            let problem = Problem(error)
            if problem.status != .tooManyRequests {
                try await recording.record(request, context, status: problem.status)
            }
            throw error
        }
        try await recording.record(request, context, status: response.status)
        return response
    }
}
