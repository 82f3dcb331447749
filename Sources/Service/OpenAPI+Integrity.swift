import ShareServers

// swift-format-ignore
extension OpenAPI {
    /// The document with the paths of what proves the log's integrity.
    static func withIntegrity(_ document: JSON) -> JSON {
        guard var members = document.object, var paths = members["paths"]?.object,
            var components = members["components"]?.object, var schemas = components["schemas"]?.object
        else { return document }
        schemas["Checkpoint"] = checkpointSchema
        components["schemas"] = .object(schemas)
        for (path, item) in integrity { paths[path] = item }
        for (path, item) in tiles {
            paths[path] = item
            paths["/lane/{lane}" + path] = below(item)
        }
        paths["/readyz"] = paths["/readyz"].map(withCheckpoints)
        members["paths"] = .object(paths)
        members["components"] = .object(components)
        return .object(members)
    }

    private static let lane: JSON = [
        "name": "lane", "in": "query", "description": "The lane; 0 where left out.", "schema": ["type": "integer", "minimum": 0],
    ]
    private static func inPath(_ name: String, _ description: String) -> JSON {
        ["name": .string(name), "in": "path", "required": true, "description": .string(description), "schema": string]
    }
    private static func size(_ name: String) -> JSON {
        [
            "name": .string(name), "in": "query", "required": true, "description": "A number of entries, up to those of the newest checkpoint.",
            "schema": ["type": "integer", "minimum": 1],
        ]
    }
    private static let failures: [String: JSON] = [
        "400": ["$ref": "#/components/responses/BadRequest"], "503": ["$ref": "#/components/responses/Unavailable"],
    ]
    private static func problem(_ description: String) -> JSON {
        ["description": .string(description), "content": ["application/problem+json": ["schema": reference("Problem")]]]
    }

    private static func get(_ summary: String, _ parameters: [JSON], _ responses: [String: JSON]) -> JSON {
        ["get": [
            "summary": .string(summary), "parameters": .array(parameters),
            "responses": .object(failures.merging(responses) { _, new in new }),
        ]]
    }

    private static func answer(_ properties: [String: JSON]) -> JSON {
        let properties = properties.merging(["as_of": reference("AsOf")]) { one, _ in one }
        return [
            "description": "The answer.",
            "content": ["application/json": ["schema": [
                "type": "object", "properties": .object(properties), "required": .array(properties.keys.sorted().map { .string($0) }),
            ]]],
            "headers": ["ETag": ["schema": string]],
        ]
    }

    private static let integrity: [String: JSON] = [
        "/v1/checkpoints": get(
            "What was signed of a lane, the newest first.",
            [
                lane,
                ["name": "limit", "in": "query", "description": "Rows of a page.", "schema": ["type": "integer", "minimum": 1, "maximum": 1000, "default": 100]],
                ["name": "cursor", "in": "query", "description": "`next_cursor` of the page before.", "schema": string],
            ],
            [
                "200": answer(["checkpoints": list("Checkpoint"), "next_cursor": ["type": ["string", "null"]]]),
                "304": ["description": "The client's copy is still right."],
            ]),
        "/v1/checkpoints/consistency": get(
            "The proof that a lane's first entries are a prefix of more of them (RFC 6962, section 2.1.2).",
            [lane, size("from"), size("to")],
            [
                "200": answer([
                    "lane": ["type": "integer"], "from": tree, "to": tree, "hashes": ["type": "array", "items": string],
                ]),
                "304": ["description": "The client's copy is still right."],
                "409": problem("No checkpoint was signed yet."),
            ]),
        "/v1/events/{lane}/{position}/proof": get(
            "That an entry is in the log, as C2SP tlog-proof: bound to the newest checkpoint, checked without Dossier.",
            [inPath("lane", "The lane."), inPath("position", "The position.")],
            [
                "200": ["description": "A `.tlog-proof`.", "content": ["text/plain": ["schema": string]]],
                "404": problem("There is no such entry."),
                "409": problem("No checkpoint covers it yet; `detail` says how far the newest goes."),
                "500": problem("The entry, or the tree over it, is not what was signed: no proof of it would verify."),
            ]),
    ]

    private static let tree: JSON = [
        "type": "object", "properties": ["size": ["type": "integer"], "root": string], "required": ["size", "root"],
    ]

    private static let tiles: [String: JSON] = [
        "/checkpoint": get(
            "The newest checkpoint, with its cosignatures, as C2SP tlog-checkpoint; of a log with one lane.", [],
            [
                "200": ["description": "A signed note.", "content": ["text/plain": ["schema": string]]],
                "404": problem("There is none yet, or the lanes are elsewhere."),
            ]),
        "/tile/{level}/{index}": get(
            "Hashes of the tree (levels 0 to 63), or entries (`entries`), as C2SP tlog-tiles; of a log with one lane. `index` is in groups of three digits, such as `x001/x234/067`, and ends in `.p/` and a width where the tile is partial.",
            [inPath("level", "`0` to `63`, or `entries`."), inPath("index", "Such as `000`, or `x001/x234/067.p/112`.")],
            [
                "200": [
                    "description": "Up to 256 hashes of 32 bytes, or entries after their lengths in two bytes each.",
                    "content": ["application/octet-stream": ["schema": string]],
                ],
                "404": problem("The newest checkpoint does not cover all of it, or the lanes are elsewhere."),
            ]),
    ]

    private static func below(_ item: JSON) -> JSON {
        guard var get = item["get"]?.object else { return item }
        get["parameters"] = .array([inPath("lane", "The lane, of a log with several.")] + (get["parameters"]?.array ?? []))
        return ["get": .object(get)]
    }

    private static let checkpointSchema: JSON = [
        "type": "object",
        "properties": [
            "lane": ["type": "integer"], "size": ["type": "integer", "description": "Entries."],
            "root": ["type": "string", "description": "Of the tree over them, base64."], "made_at": moment,
            "note": ["type": "string", "description": "What was signed, with every signature."],
            "signers": ["type": "array", "items": string],
        ],
        "required": ["lane", "size", "root", "made_at", "note", "signers"],
    ]

    /// Readiness says why lanes are not signed for.
    private static func withCheckpoints(_ item: JSON) -> JSON {
        guard var get = item["get"]?.object, var responses = get["responses"]?.object else { return item }
        responses["200"] = [
            "description": "It does. `checkpoints` says which lanes are not signed for, and why, where there are any.",
            "content": ["application/json": ["schema": [
                "type": "object",
                "properties": [
                    "status": ["const": "ready"],
                    "checkpoints": ["type": "array", "items": [
                        "type": "object", "properties": ["lane": ["type": "integer"], "refused": string],
                        "required": ["lane", "refused"],
                    ]],
                ],
                "required": ["status"],
            ]]],
        ]
        get["responses"] = .object(responses)
        return ["get": .object(get)]
    }
}
