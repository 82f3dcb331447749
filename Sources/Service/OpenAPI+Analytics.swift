import ShareServers

// swift-format-ignore
extension OpenAPI {
    /// The document with the paths of questions over time, and what each figure of their answers means.
    static func withAnalytics(_ document: JSON) -> JSON {
        guard var members = document.object, var paths = members["paths"]?.object,
            var components = members["components"]?.object, var schemas = components["schemas"]?.object
        else { return document }
        schemas.merge(analyticsSchemas) { _, new in new }
        components["schemas"] = .object(schemas)
        for (path, item) in analytics { paths[path] = item }
        members["paths"] = .object(paths)
        members["components"] = .object(components)
        return .object(members)
    }

    private static let analytics: [String: JSON] = [
        "/v1/servers/diff": path(
            "The servers whose status changed in a window, how, and at whose call.",
            window + scope(shareNetwork: true) + page,
            ["servers": list("Difference")], paged: true),
        "/v1/metrics/time-in-state": path(
            "How long servers were in each status of a window. The seconds in statuses, unobserved and absent add up to the window once for each server of the group.",
            window + [choice("by", Grouping.allCases.map(\.rawValue), "fleet")]
                + scope(server: true, shareNetwork: true) + page,
            ["by": string, "groups": list("TimeInState")], paged: true),
        "/v1/metrics/reliability": path(
            "Failures, time to restore, MTBF and availability in a window.",
            window + [
                choice("by", Grouping.allCases.map(\.rawValue), "fleet"),
                choice("migrating", Reliability.Migrating.allCases.map(\.rawValue), "down"),
                parameter(
                    "confidence", "Of the bounds of MTBF, two-sided; between 0 and 1.",
                    ["type": "number", "default": 0.9]),
            ] + scope(server: true, shareNetwork: true) + page,
            ["by": string, "migrating": string, "confidence": number, "groups": list("Reliability")], paged: true),
        "/v1/metrics/capacity": path(
            "How many servers there were in each step of a window, by class of status; `unobserved` is a class of its own.",
            window + [
                text("step", "The length of a step, such as `15m`, `6h` or `1d`; the window where left out. At most 1,000 steps."),
                choice("by", ["host", "project", "share_network", "fleet"], "fleet"),
            ] + scope(shareNetwork: true),
            ["by": string, "step_s": number, "steps": list("CapacityStep")]),
        "/v1/metrics/calls": path(
            "How many calls there were in a window, how they were answered, and how fast.",
            window + [
                choice("by", ["operation", "actor", "project", "host", "http_class", "fleet"], "operation"),
                text("operation", "Only this operation."), text("actor", "Only by the user of this id."),
            ] + scope(server: true),
            ["by": string, "groups": list("Calls")]),
        "/v1/errors": path(
            "Error episodes that overlap a window, and failed calls in it, in order of time.",
            window + [choice("kind", ["all", "episode", "call"], "all")] + scope(server: true) + page,
            ["errors": list("Failure")], optional: ["repeat_offenders": list("Offender")], paged: true),
        "/v1/stuck": path(
            "Servers that have been in a transitional status for longer than the 99th percentile of visits to it on their host, the longest first.",
            [
                time("at", "As of this moment; now where left out."),
                text("floor", "Nothing younger is listed; `10m` where left out."),
                text("compared", "Visits that ended so long ago at most are compared with; `90d` where left out."),
                known,
                parameter("limit", "Servers.", ["type": "integer", "minimum": 1, "maximum": 1000, "default": 100]),
            ] + scope(),
            ["at": moment, "floor_s": number, "compared_s": number, "servers": list("Stuck")], hasWindow: false),
        "/v1/coverage": path(
            "When each source was watching, and the gaps that it found.",
            window + [text("source", "Exactly this source.")] + page,
            ["intervals": list("CoverageInterval")], optional: ["sources": list("Source")], paged: true),
        "/v1/conformance": path(
            "Changes of status that no documented way leads to, and calls that were accepted in a status in which Manila refuses them.",
            window + scope(server: true) + page, ["deviations": list("Deviation")], paged: true),
    ]

    private static let knownAt =
        "Only from what had been recorded by then: an RFC 3339 time, or how many entries of each lane as `as_of` tells them: then a window that is given gives the figures of then."

    // MARK: - Parts

    private static let window = [
        time("from", "Inclusive; 30 days before `until` where left out."),
        time("until", "Exclusive; now where left out."), known,
    ]
    private static let known = text("known_at", knownAt)
    private static let page = [
        parameter("limit", "Rows of a page.", ["type": "integer", "minimum": 1, "maximum": 1000, "default": 100]),
        text("cursor", "`next_cursor` of the page before."),
    ]

    private static func scope(server: Bool = false, shareNetwork: Bool = false) -> [JSON] {
        (server ? [parameter("server_id", "Only this server.", ["type": "string", "format": "uuid"])] : [])
            + [text("host", "Only on this host."), text("project_id", "Only of this project.")]
            + (shareNetwork ? [text("share_network_id", "Only of this share network.")] : [])
    }

    private static func parameter(_ name: String, _ description: String, _ schema: JSON) -> JSON {
        ["name": .string(name), "in": "query", "description": .string(description), "schema": schema]
    }

    private static func text(_ name: String, _ description: String) -> JSON {
        parameter(name, description, string)
    }

    private static func time(_ name: String, _ description: String) -> JSON {
        parameter(name, description, ["type": "string", "format": "date-time"])
    }

    private static func choice(_ name: String, _ choices: [String], _ usual: String) -> JSON {
        parameter(
            name, "Where left out, \(usual).",
            ["type": "string", "enum": .array(choices.map { .string($0) }), "default": .string(usual)])
    }

    private static func path(
        _ summary: String, _ parameters: [JSON], _ properties: [String: JSON], optional: [String: JSON] = [:],
        paged: Bool = false, hasWindow: Bool = true
    ) -> JSON {
        var properties = properties
        properties["as_of"] = reference("AsOf")
        if hasWindow { properties["window"] = reference("Window") }
        if paged { properties["next_cursor"] = ["type": ["string", "null"]] }
        let required = properties.keys.sorted().map { JSON.string($0) }
        let schema: JSON = [
            "type": "object", "properties": .object(properties.merging(optional) { one, _ in one }),
            "required": .array(required),
        ]
        return [
            "get": [
                "summary": .string(summary), "parameters": .array(parameters),
                "responses": [
                    "200": [
                        "description": "The answer.",
                        "content": ["application/json": ["schema": schema]],
                        "headers": [
                            "ETag": ["schema": string, "description": "Stays while the answer does, `as_of` time and lag left out."]
                        ],
                    ],
                    "304": ["description": "The client's copy is still right."],
                    "400": ["$ref": "#/components/responses/BadRequest"],
                    "503": ["$ref": "#/components/responses/Unavailable"],
                ],
            ]
        ]
    }

    static let string: JSON = ["type": "string"]
    static let number: JSON = ["type": "number"]
    static let moment: JSON = ["type": "string", "format": "date-time"]

    static func reference(_ schema: String) -> JSON { ["$ref": .string("#/components/schemas/\(schema)")] }
    static func list(_ schema: String) -> JSON { ["type": "array", "items": reference(schema)] }
}
