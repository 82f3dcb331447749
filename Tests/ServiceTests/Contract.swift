import FoundationEssentials
import HTTPTypes
import Postgres
import ShareServers

@testable import Service

/// The OpenAPI document, read as a client would: what each answer must be like.
struct Contract: Sendable {
    static let shared = Contract(OpenAPI.document)

    let document: JSON
    var paths: [String: JSON] { document["paths"]?.object ?? [:] }

    init(_ bytes: [UInt8]) { document = (try? JSON(parsing: bytes)) ?? .null }

    /// What about an answer is not as the document says.
    func violations(of answer: Answer, _ method: HTTPRequest.Method, _ uri: String) -> [String] {
        guard let path = template(of: uri) else { return ["\(uri) is not among the paths"] }
        // HEAD is answered wherever GET is.
        let name = method == .head ? "get" : method.rawValue.lowercased()
        guard let operation = paths[path]?[name] else { return ["\(path) has no \(name)"] }
        guard let response = operation["responses"]?["\(answer.status)"].map(resolve) else {
            return ["\(name) \(path) has no \(answer.status): \(answer.text.prefix(300))"]
        }
        if method == .head || response["content"] == nil {
            return answer.body.isEmpty ? [] : ["\(name) \(path) \(answer.status) has a body"]
        }
        let contentType = answer.contentType.map { String($0.prefix { $0 != ";" }) } ?? ""
        guard let content = response["content"]?[contentType] else {
            return ["\(name) \(path) \(answer.status) has content type \(answer.contentType ?? "none")"]
        }
        if ["text/plain", "application/octet-stream"].contains(contentType) { return [] }
        guard let json = try? JSON(parsing: answer.body) else { return ["the body is not JSON: \(answer.text)"] }
        return violations(of: json, content["schema"] ?? .null, at: "\(name) \(path) \(answer.status)")
    }

    /// The path of the document that a request is for, the most literal one first.
    func template(of uri: String) -> String? {
        var parts = uri.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        // A slash at the end makes no difference.
        if parts.count > 2, parts.last == "" { parts.removeLast() }
        return paths.keys.sorted { $0.count { $0 == "{" } < $1.count { $0 == "{" } }.first { path in
            let names = path.split(separator: "/", omittingEmptySubsequences: false)
            // The index of a tile has as many parts as it needs.
            let isLevel = names.count == parts.count || names.last == "{index}" && names.count <= parts.count
            return isLevel && zip(names, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
    }

    /// What a `$ref` points at.
    private func resolve(_ value: JSON) -> JSON {
        guard let reference = value["$ref"]?.string else { return value }
        return document[reference.dropFirst(2).split(separator: "/").map(String.init)] ?? .null
    }

    // MARK: - Schemas

    /// The part of JSON Schema that the document uses; besides, members that it does not describe.
    ///
    /// Source: JSON Schema 2020-12, validation.
    private func violations(of value: JSON, _ schema: JSON, at place: String) -> [String] {
        let isEvent = schema["$ref"]?.string?.hasSuffix("/Event") ?? false
        let schema = resolve(schema)
        var found: [String] = []
        if let types = schema["type"], !types.strings.contains(where: { value.isOf(type: $0) }) {
            found.append("\(place): not of type \(types.strings)")
        }
        if let constant = schema["const"], constant != value { found.append("\(place): not \(constant)") }
        if let choices = schema["enum"]?.array, !choices.contains(value) { found.append("\(place): not in \(choices)") }
        if let alternatives = schema["anyOf"]?.array,
            !alternatives.contains(where: { violations(of: value, $0, at: place).isEmpty })
        {
            found.append("\(place): none of its alternatives")
        }
        if let text = value.string { found += violations(of: text, format: schema["format"]?.string, at: place) }
        for (index, element) in (value.array ?? []).enumerated() {
            guard let items = schema["items"] else { break }
            found += violations(of: element, items, at: "\(place).\(index)")
        }
        guard let members = value.object else { return found }
        let properties = schema["properties"]?.object
        for name in schema["required"]?.strings ?? [] where members[name] == nil {
            found.append("\(place): \(name) is missing")
        }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            if let property = properties?[name] ?? schema["additionalProperties"] {
                found += violations(of: member, property, at: "\(place).\(name)")
            } else if properties != nil, !isEvent {
                found.append("\(place): \(name) is not described")
            }
        }
        return found
    }

    private func violations(of text: String, format: String?, at place: String) -> [String] {
        switch format {
        case "date-time": Timestamp(text) == nil ? ["\(place): '\(text)' is no time"] : []
        case "uuid": UUID(uuidString: text) == nil ? ["\(place): '\(text)' is no UUID"] : []
        default: []
        }
    }
}

extension JSON {
    /// A string, or the strings of an array.
    fileprivate var strings: [String] { string.map { [$0] } ?? (array ?? []).compactMap(\.string) }

    fileprivate func isOf(type: String) -> Bool {
        switch (type, self) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
            ("object", .object):
            true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }
}
