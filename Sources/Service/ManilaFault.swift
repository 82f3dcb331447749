import FoundationEssentials
import HTTPTypes
import Hummingbird
import ShareServers

/// An error as Manila's API tells it.
struct ManilaFault: Error {
    let status: HTTPResponse.Status
    let message: String
    /// The version that was asked for, where it could be read: Manila echoes it.
    var version: String?

    init(_ status: HTTPResponse.Status, _ message: String, version: String? = nil) {
        self.status = status
        self.message = message
        self.version = version
    }

    init(_ problem: Problem) {
        self.init(problem.status, problem.status == .notFound ? "The resource could not be found." : problem.detail)
    }

    static func notFound(_ server: String) -> ManilaFault {
        ManilaFault(.notFound, "Share server \(server) could not be found.")
    }

    /// Source: Manila, `api/openstack/wsgi.py`, Fault._fault_names.
    private var name: String {
        switch status.code {
        case 400: "badRequest"
        case 401: "unauthorized"
        case 403: "forbidden"
        case 404: "itemNotFound"
        case 409: "conflictingRequest"
        case 429: "overLimit"
        case 501: "notImplemented"
        case 503: "serviceUnavailable"
        default: "computeFault"
        }
    }

    var response: Response {
        var headers = Self.identity
        headers[.manilaVersion] = version
        return Response(
            json: .object([name: ["code": .number(Double(status.code)), "message": .string(message)]]),
            status: status, headers: headers)
    }

    /// Headers that every answer of Manila's has.
    static var identity: HTTPFields {
        [.openStackRequestID: "req-" + UUID().text, .vary: HTTPField.Name.manilaVersion.rawName]
    }
}

extension HTTPField.Name {
    static let openStackRequestID = HTTPField.Name("x-openstack-request-id")!
    static let manilaVersion = HTTPField.Name("X-OpenStack-Manila-API-Version")!
}
