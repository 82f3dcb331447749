import Service
import Testing
import TransparencyLog

/// Who cosigns, as it is told on a command line.
@Suite struct WitnessTests {
    private static let key = "witness.example/w1+cc9a7044+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

    @Test(
        "A witness is its URL, without slashes at its end, and its key",
        arguments: ["https://witness.example", "https://witness.example/", "http://127.0.0.1:9/a/b"])
    func witnesses(url: String) throws {
        let witness = try #require(Witness("\(url)+\(Self.key)"))
        #expect(witness.url == (url.hasSuffix("/") ? String(url.dropLast()) : url))
        #expect(witness.key.description == Self.key)
    }

    @Test(
        "What is none is refused: no URL, no key, a damaged key, the key of a log",
        arguments: [
            "", key, "https://witness.example", "https://witness.example+", "ftp://witness.example+\(key)",
            "https://+\(key)", "https://witness.example+\(key)A",
            "https://witness.example+PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ])
    func none(text: String) {
        #expect(Witness(text) == nil)
    }
}
