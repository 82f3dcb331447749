import DatabaseTesting
import Foundation
import HTTPTypes
import ShareServers
import Testing

/// One event whose attributes are headers.
///
/// Source: CloudEvents, HTTP protocol binding 1.0.2, section 3.1.
@Suite(.log) struct BinaryModeTests {
    private static let attributes = [
        "specversion": "1.0", "id": "1", "source": "/gateway/alpha", "time": "2026-11-23T09:00:01Z",
        "type": "org.openstack.manila.share_server.status", "subject": Sample.alpha.lower,
    ]

    private func headers(_ attributes: [String: String]) -> HTTPFields {
        var headers = HTTPFields()
        for (name, value) in attributes { headers[HTTPField.Name("ce-\(name)")!] = value }
        return headers
    }

    /// The event that the log has after a push.
    private func kept(_ service: TestService) async throws -> JSON {
        var event = try await service.good("/v1/events/0/0").at("entry.event")?.object ?? [:]
        event["recordedtime"] = nil
        return .object(event)
    }

    @Test("An event in binary mode is the same as in structured mode")
    func sameEvent() async throws {
        try await TestService.with { service in
            let answer = try await service.push(
                #"{"status": "active", "host": "lab@alpha"}"#, as: "application/json", headers(Self.attributes))
            #expect(answer.status == 200, "\(answer)")
            #expect(answer.json["results"] == [["index": 0, "outcome": "appended", "lane": 0, "position": 0]])
            var members = Self.attributes.mapValues { JSON.string($0) }
            members["data"] = ["status": "active", "host": "lab@alpha"]
            let structured = String(decoding: JSON.object(members).canonical(), as: UTF8.self)
            let again = try await service.push(structured, as: "application/cloudevents+json")
            #expect(again.json["known"] == 1, "\(again)")
        }
    }

    @Test("Names of headers are read in any case, and values are percent-decoded")
    func decoding() async throws {
        try await TestService.with { service in
            var attributes = Self.attributes
            attributes["type"] = "com.example.t"
            attributes["subject"] = nil
            var headers = headers(attributes)
            // Source: the same, section 3.1.3.2.
            headers[HTTPField.Name("CE-Subject")!] = "Euro%20%E2%82%AC%20%F0%9F%98%80 100%25"
            headers[HTTPField.Name("Ce-Traceid")!] = "%22quoted%22"
            #expect(try await service.push("{}", as: "application/json", headers).status == 200)
            let event = try await kept(service)
            #expect(event["subject"] == "Euro € 😀 100%")
            #expect(event["traceid"] == "\"quoted\"")
        }
    }

    @Test("A quoted string is its text; the type of the data is that of the body; no attribute comes twice")
    func quoted() async throws {
        try await TestService.with { service in
            var attributes = Self.attributes
            attributes["type"] = "com.example.t"
            var headers = headers(attributes)
            // Source: the same, sections 3.1.3.2 and 3.1.1.
            headers[HTTPField.Name("ce-subject")!] = #""a \"b\" %25""#
            headers[HTTPField.Name("ce-traceid")!] = #"not "all" of it"#
            headers[HTTPField.Name("ce-datacontenttype")!] = "text/xml"
            #expect(try await service.push("{}", as: "application/json", headers).status == 200)
            let event = try await kept(service)
            #expect(event["subject"] == #"a "b" %"#)
            #expect(event["traceid"] == #"not "all" of it"#)
            #expect(event["datacontenttype"] == nil)
            headers.append(HTTPField(name: HTTPField.Name("ce-id")!, value: "other"))
            let twice = try await service.push("{}", as: "application/json", headers)
            #expect(twice.isProblem(400) && twice.json["detail"]?.string?.contains("ce-id") == true, "\(twice)")
        }
    }

    @Test("An event need not have data")
    func noData() async throws {
        try await TestService.with { service in
            var attributes = Self.attributes
            attributes["type"] = "com.example.t"
            let answer = try await service.push("", as: nil, headers(attributes))
            #expect(answer.status == 200, "\(answer)")
            #expect(try await kept(service) == .object(attributes.mapValues { .string($0) }))
        }
    }

    @Test(
        "Data that is not JSON is kept with its type",
        arguments: ["text/plain", "application/octet-stream", "text/plain; charset=utf-8"])
    func otherData(type: String) async throws {
        try await TestService.with { service in
            var attributes = Self.attributes
            attributes["type"] = "com.example.t"
            let bytes: [UInt8] = [0x68, 0xC3, 0xA9, 0x00, 0x22]
            var headers = headers(attributes)
            headers[.contentType] = type
            let answer = try await service.send(.post, "/v1/events", headers, body: bytes)
            #expect(answer.status == 200, "\(answer)")
            let event = try await kept(service)
            #expect(event["data_base64"] == .string(Data(bytes).base64EncodedString()))
            // Source: the same, section 3.1.1: the header is the attribute, mapped directly.
            #expect(event["datacontenttype"] == .string(type))
        }
    }

    @Test("Data of a JSON type of its own keeps that type")
    func ownType() async throws {
        try await TestService.with { service in
            var attributes = Self.attributes
            attributes["type"] = "com.example.t"
            let answer = try await service.push("{\"a\":[1]}", as: "application/vnd.example+json", headers(attributes))
            #expect(answer.status == 200, "\(answer)")
            let event = try await kept(service)
            #expect(event["data"] == ["a": [1]])
            #expect(event["datacontenttype"] == "application/vnd.example+json")
        }
    }

    @Test("An attribute that is missing or wrong is named", arguments: ["id", "source", "type", "time"])
    func missing(attribute: String) async throws {
        try await TestService.with { service in
            for value in [nil, ""] {
                var attributes = Self.attributes
                attributes[attribute] = value
                let answer = try await service.push(
                    "{\"status\":\"active\"}", as: "application/json", headers(attributes))
                #expect(answer.isProblem(400), "\(answer)")
                #expect(answer.json.at("results.0.error.field") == .string(attribute))
            }
        }
    }

    @Test("Another version, and data that is not the JSON that it is said to be, are refused")
    func refused() async throws {
        try await TestService.with { service in
            var attributes = Self.attributes
            attributes["specversion"] = "0.3"
            #expect(try await service.push("{}", as: "application/json", headers(attributes)).isProblem(400))
            for body in ["{", "{\"status\":\"active\"} x", "nonsense"] {
                let answer = try await service.push(body, as: "application/json", headers(Self.attributes))
                #expect(answer.isProblem(400), "\(answer)")
            }
            #expect(try await service.good("/v1/events")["events"] == [])
        }
    }
}
