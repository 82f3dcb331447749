import HTTPTypes
import Hummingbird
import Ingest
import ShareServers

/// What a request shows for who asks; a secret.
struct Credential: Sendable {
    let text: String

    /// The bearer token, or what OpenStack's clients send as `X-Auth-Token`; nil where there is neither.
    ///
    /// - Throws: 401 for another scheme, and 400 for both with different tokens.
    /// - Source: RFC 6750, sections 2.1 and 3.1.
    init?(_ request: Request) throws(Problem) {
        let bearer = try Self.bearer(request.headers[.authorization])
        let openStack = request.headers[.authToken].flatMap { $0.isEmpty ? nil : $0 }
        if let bearer, let openStack, bearer != openStack {
            throw Problem(.badRequest, "Authorization and X-Auth-Token name different tokens; send one of them")
        }
        guard let text = bearer ?? openStack else { return nil }
        self.text = text
    }

    private static func bearer(_ header: String?) throws(Problem) -> String? {
        guard let header, !header.isEmpty else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw .unauthorized("the scheme of Authorization is Bearer, and a token follows it", isGiven: true)
        }
        return parts[1].trimmingBlanks
    }
}

extension Credential: CustomStringConvertible, CustomReflectable {
    /// Never the secret.
    var description: String { "Credential" }
    var customMirror: Mirror { Mirror(self, children: []) }
}

extension HTTPField.Name {
    static let authToken = HTTPField.Name("X-Auth-Token")!
}

extension Problem {
    /// Nobody is let in by what a request shows; or it shows nothing.
    ///
    /// - Source: RFC 9110, section 15.5.2; RFC 6750, section 3.
    static func unauthorized(_ detail: String, isGiven: Bool) -> Problem {
        var problem = Problem(.unauthorized, detail)
        problem.headers[.wwwAuthenticate] = "Bearer realm=\"dossier\"" + (isGiven ? ", error=\"invalid_token\"" : "")
        return problem
    }

    /// Who asks is known, and may not.
    ///
    /// - Source: RFC 9110, section 15.5.4; RFC 6750, section 3.1.
    static func forbidden(_ need: RouteAccess, _ asker: Asker) -> Problem {
        let role = need == .readAll ? AccessRole.read.rawValue : need.rawValue
        var problem = Problem(
            .forbidden,
            need == .readAll && asker.may(.read)
                ? "this tells of the whole log, and the token is for some projects only"
                : "this takes the role '\(role)', which the token does not have")
        problem.members["role"] = .string(role)
        problem.headers[.wwwAuthenticate] =
            "Bearer realm=\"dossier\", error=\"insufficient_scope\", scope=\"\(role)\""
        return problem
    }
}
