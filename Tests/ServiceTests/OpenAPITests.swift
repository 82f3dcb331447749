import DatabaseTesting
import HTTPTypes
import Hummingbird
import Service
import ShareServers
import Testing

@testable import Service

/// `GET /openapi.json`.
@Suite(.log) struct OpenAPITests {
    private static let methods = ["get", "post", "put", "delete", "patch", "options", "trace"]

    @Test("The document is OpenAPI 3.1 in JSON")
    func document() async throws {
        try await TestService.with { service in
            let answer = try await service.get("/openapi.json")
            #expect(answer.contentType == "application/json")
            let document = try JSON(parsing: answer.body)
            #expect(document["openapi"]?.string?.hasPrefix("3.1.") == true)
            #expect(document.at("info.title") == "Dossier")
            #expect(document.at("info.version")?.string?.isEmpty == false)
            #expect(document == Contract.shared.document)
        }
    }

    @Test("It describes exactly the routes that are served")
    func routes() async throws {
        try await TestService.with { service in
            let served = service.query.routes().routes.map { route in
                let parts = route.path.description.split(separator: "/").map { part in
                    part == "**" ? "{index}" : part.hasPrefix(":") ? "{\(part.dropFirst())}" : String(part)
                }
                return "\(route.method.rawValue.lowercased()) /\(parts.joined(separator: "/"))"
            }
            let described = Contract.shared.paths.flatMap { path, item in
                (item.object ?? [:]).keys.filter(Self.methods.contains).map { "\($0) \(path)" }
            }
            #expect(Set(served.filter { !$0.hasPrefix("head ") }) == Set(described))
            #expect(Set(described).count == described.count)
        }
    }

    @Test("The page at the root names routes that there are")
    func root() async throws {
        try await TestService.with { service in
            let answer = try await service.good("/")
            let named = (answer["routes"]?.array ?? []).compactMap(\.string)
            #expect(!named.isEmpty)
            #expect(Set(named).subtracting(Contract.shared.paths.keys) == [])
            #expect(Contract.shared.paths[answer["openapi"]?.string ?? ""] != nil)
        }
    }

    @Test("Every reference leads somewhere, and what is described is used")
    func references() throws {
        var used: Set<String> = []
        func walk(_ value: JSON) throws {
            if let reference = value["$ref"]?.string {
                let path = reference.split(separator: "/").map(String.init)
                #expect(path.first == "#" && Contract.shared.document[Array(path.dropFirst())] != nil, "\(reference)")
                used.insert(reference)
            }
            for member in value.object?.values.map({ $0 }) ?? value.array ?? [] { try walk(member) }
        }
        try walk(Contract.shared.document)
        for (kind, members) in Contract.shared.document["components"]?.object ?? [:] where kind != "securitySchemes" {
            for name in (members.object ?? [:]).keys { #expect(used.contains("#/components/\(kind)/\(name)")) }
        }
    }

    @Test("Every path names its parameters, and every operation says what it answers")
    func operations() {
        for (path, item) in Contract.shared.paths {
            for method in Self.methods {
                guard let operation = item[method] else { continue }
                #expect(operation["summary"]?.string?.isEmpty == false, "\(method) \(path)")
                #expect(operation["responses"]?["200"] != nil, "\(method) \(path)")
                let parameters = operation["parameters"]?.array ?? []
                let inPath = parameters.filter { $0["in"] == "path" }.compactMap { $0["name"]?.string }
                #expect(inPath.sorted() == path.matches(of: #/\{(\w+)\}/#).map { String($0.1) }.sorted(), "\(path)")
                #expect(parameters.filter { $0["in"] == "path" }.allSatisfy { $0["required"] == true })
                let places = parameters.map { "\($0["in"]?.string ?? "") \($0["name"]?.string ?? "")" }
                #expect(Set(places).count == places.count, "\(path)")
            }
        }
    }
}
