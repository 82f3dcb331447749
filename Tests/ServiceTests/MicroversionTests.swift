import DatabaseTesting
import HTTPTypes
import ShareServers
import Testing

/// Versions that Manila does not have.
@Suite(.log) struct MicroversionTests {
    private static let version = HTTPField.Name("X-OpenStack-Manila-API-Version")!

    private static let paths = [
        "/v2/share-servers", "/v2/p1/share-servers", "/v2/share-servers/\(Sample.alpha.lower)",
        "/v2/share-servers/\(Sample.alpha.lower)/details",
    ]

    @Test(
        "A version that there is not is not acceptable",
        arguments: ["2.100", "2.200", "2.10000", "1.0", "3.0", "1.99", "3.99"])
    func beyond(version: String) async throws {
        try await TestService.with { service in
            try await service.append([Sample.status(Sample.alpha, "active", at: 1)])
            for path in Self.paths {
                let answer = try await service.get(path, [Self.version: version])
                #expect(answer.status == 406)
                let message = "Version \(version) is not supported by the API. Minimum is 2.0 and maximum is 2.99."
                #expect(answer.json == ["computeFault": ["code": 406, "message": .string(message)]])
            }
        }
    }

    @Test(
        "What is no version is refused",
        arguments: ["abc", "2", "2.", ".1", "2.01", "2.-1", "2.1.0", "v2.1", "two.one", "2,1", "LATEST", "2.x", "02.1"])
    func malformed(version: String) async throws {
        try await TestService.with { service in
            try await service.append([Sample.status(Sample.alpha, "active", at: 1)])
            for path in Self.paths {
                let answer = try await service.get(path, [Self.version: version])
                #expect(answer.status == 400)
                let message =
                    "API Version String \(version) is of invalid format. Must be of format MajorNum.MinorNum."
                #expect(answer.json == ["badRequest": ["code": 400, "message": .string(message)]])
            }
        }
    }
}
