import ShareServers

extension OpenAPI {
    /// The limits that every parameter has, said of each once more, so that a client that is made of the document sends
    /// nothing that is refused for them.
    static func withLimits(_ document: JSON) -> JSON {
        guard var members = document.object, let paths = members["paths"]?.object else { return document }
        let withLimits = paths.map { path, item in
            let methods = (item.object ?? [:]).mapValues { operation -> JSON in
                guard var members = operation.object, let parameters = members["parameters"]?.array else {
                    return operation
                }
                // Manila takes filters of any length, none included, and so does what answers in its place.
                members["parameters"] = .array(
                    parameters.map { limited($0, isLimited: path.hasPrefix("/v1/")) })
                return .object(members)
            }
            return (path, JSON.object(methods))
        }
        members["paths"] = .object(Dictionary(uniqueKeysWithValues: withLimits))
        return .object(members)
    }

    private static func limited(_ parameter: JSON, isLimited: Bool) -> JSON {
        guard var members = parameter.object, var schema = members["schema"]?.object else { return parameter }
        switch (members["in"]?.string, members["name"]?.string, schema["type"]?.string) {
        case ("header", "X-OpenStack-Manila-API-Version", _): schema["pattern"] = #"^([1-9]\d{0,3}\.\d{1,4}|latest)?$"#
        case ("header", "Content-Encoding", _): schema["enum"] = ["gzip", "x-gzip", "identity"]
        case (_, "lane", "integer"): schema["maximum"] = .number(Double(Int16.max))
        case ("query", "cursor", _): schema["pattern"] = "^[A-Za-z0-9_-]+$"
        case ("query", "step", _), ("query", "floor", _): schema["pattern"] = #"^[1-9]\d*[smhd]$"#
        default: break
        }
        if isLimited, members["in"]?.string == "query", schema["type"]?.string == "string", schema["enum"] == nil {
            schema["minLength"] = 1
            schema["maxLength"] = .number(Double(QueryParameters.longest))
        }
        members["schema"] = .object(schema)
        return .object(members)
    }
}
