/// Why the query API gave no answer; named for what the reader must do.
enum APIError: Error, Sendable, Hashable {
    /// Nobody answers there: start the service, or say where it is.
    case unreachable(url: String, reason: String)
    /// The service refused: the question must change (4xx), or be asked later (5xx).
    case refused(status: Int, title: String, detail: String?)
    /// Something answers there, but no Dossier: say where it is.
    case notDossier(url: String, reason: String)
}
