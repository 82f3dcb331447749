import ShareServers

extension OpenAPI {
    /// The paths of Manila's shapes a second time, below the moment that they are asked of.
    static func withMoments(_ document: JSON) -> JSON {
        guard var members = document.object, var paths = members["paths"]?.object else { return document }
        for (path, item) in paths where path.hasPrefix("/v2") {
            paths["/at/{time}" + path] = atMoment(item)
        }
        paths["/at/{time}"] = paths["/v2"].map(atMoment)
        members["paths"] = .object(paths)
        return .object(members)
    }

    private static let time: JSON = [
        "name": "time", "in": "path", "required": true, "schema": ["type": "string", "format": "date-time"],
        "description": "The moment: Manila's answer then, from what has been recorded since.",
    ]

    private static func atMoment(_ item: JSON) -> JSON {
        guard var methods = item.object, var get = methods["get"]?.object else { return item }
        get["parameters"] = .array([time] + (get["parameters"]?.array ?? []))
        var responses = get["responses"]?.object ?? [:]
        responses["400"] = ["$ref": "#/components/responses/ManilaFault"]
        get["responses"] = .object(responses)
        get["summary"] = .string((get["summary"]?.string ?? "") + " At a moment.")
        methods["get"] = .object(get)
        return .object(methods)
    }
}
