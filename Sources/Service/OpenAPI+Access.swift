import ShareServers

extension OpenAPI {
    /// The document with what every route takes of whoever asks: `security`, `x-role`, and the answers where it is not
    /// there.
    static func withAccess(_ document: JSON) -> JSON {
        guard var members = document.object, var paths = members["paths"]?.object,
            var components = members["components"]?.object, var responses = components["responses"]?.object
        else { return document }
        for (route, need) in RouteAccess.table {
            let parts = route.split(separator: " ").map(String.init)
            let (method, path) = (parts[0].lowercased(), parts[1].replacing("**", with: "{index}"))
            guard var item = paths[path]?.object, let operation = item[method]?.object else { continue }
            item[method] = taking(need, operation, isManilas: path.contains("/v2"))
            paths[path] = .object(item)
        }
        responses.merge(refusals) { known, _ in known }
        components["responses"] = .object(responses)
        components["securitySchemes"] = [
            "bearer": [
                "type": "http", "scheme": "bearer",
                "description": "A token that `dossier tokens create` made, or one of Keystone.",
            ],
            "openstack": [
                "type": "apiKey", "in": "header", "name": "X-Auth-Token",
                "description": "The same, as OpenStack's clients send it.",
            ],
        ]
        members["paths"] = .object(paths)
        members["components"] = .object(components)
        return .object(members)
    }

    private static func taking(_ need: RouteAccess, _ operation: [String: JSON], isManilas: Bool) -> JSON {
        var operation = operation
        operation["x-role"] = .string(need.rawValue)
        guard need != .everyone else {
            operation["security"] = []
            return .object(operation)
        }
        operation["security"] = [["bearer": []], ["openstack": []]]
        var responses = operation["responses"]?.object ?? [:]
        for (status, name) in ["401": "Unauthorized", "403": "Forbidden", "429": "TooMany", "503": "Unavailable"] {
            responses[status] = ["$ref": .string("#/components/responses/" + (isManilas ? "ManilaFault" : name))]
        }
        operation["responses"] = .object(responses)
        return .object(operation)
    }

    private static let refusals: [String: JSON] = [
        "Unauthorized": problem(
            "No token, or one that is malformed, not known, expired or revoked.", header: "WWW-Authenticate"),
        "Forbidden": problem(
            "A token without the role that this takes, or one for some projects where this is about the whole log.",
            header: "WWW-Authenticate"),
        "TooMany": problem(
            "More than is taken at once: of one token, of what one address fails with, or of pushes. Ask again later.",
            header: "Retry-After"),
    ]

    private static func problem(_ description: String, header: String) -> JSON {
        [
            "description": .string(description),
            "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
            "headers": .object([header: ["schema": ["type": "string"]]]),
        ]
    }
}
