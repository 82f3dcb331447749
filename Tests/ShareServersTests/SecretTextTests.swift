import Foundation
import ShareServers
import Testing

/// Secrets in texts that are no JSON, and in JSON that hides them.
@Suite struct SecretTextTests {
    private let redaction = Redaction(key: Array(repeating: 7, count: 32))

    private func redacted(_ text: String) -> String {
        let safe = redaction.redact(.string(text))
        return String(decoding: safe.canonical(), as: UTF8.self)
    }

    static let nasties = [
        "Failed: password=@@@, user=admin", "password = '@@@'", "PASSWORD: @@@", "set --password @@@ now",
        "--admin-token=@@@", "X-Auth-Token: @@@", "Authorization: Bearer @@@", "authorization: Basic @@@ @@@",
        "Cookie: a=1; session=@@@", "nfs://admin:@@@@host/x", "see https://@@@@host:80/ please",
        "postgres://u:a/@@@@host/db", "https://h/x?a=1&token=@@@&b=2", "https://h/x?a=1;token=@@@#f",
        #"{"a": {"password": "@@@"}}"#, #"[{"X-Auth-Token": ["@@@"]}]"#, #"{"pass\u0077ord": "@@@"}"#,
        #""{\"token\": \"@@@\"}""#, #"{"a": "{\"b\": \"{\\\"secret\\\": \\\"@@@\\\"}\"}"}"#,
        "got {'password': '@@@'}", "got {u'password': u'@@@', 'b': 1}", #"answer: {"token": {"id": "@@@"}}"#,
        #"answer: {\"token\": \"@@@\"}"#, #"pass\u0077ord=@@@"#, "pass%77ord=@@@&x=1", "a%3D1%26token%3D@@@",
        "<password>@@@</password>", "driver_options[password]=@@@", "passwd=@@@", "pwd: @@@", "ssh passphrase='@@@'",
        "access_key=@@@", "the api-key: @@@", "it said Bearer @@@ is expired", "private_key:\"@@@\"",
        "-----BEGIN RSA PRIVATE KEY-----\n@@@\n@@@\n-----END RSA PRIVATE KEY-----", "credential => @@@",
        "{'password': '@@@'", "{\"token\": \"@@@\", \"token\": \"@@@\"}", "password=\"a b @@@\" x",
        "token: gAAAAABm@@@", "the id gAAAAABm@@@@@@@@@@@@ has expired", "no eyJhbGciOi@@@.eyJ@@@.@@@ here",
    ]

    @Test("A secret in a text is replaced, however it is written", arguments: nasties)
    func found(text: String) {
        let secret = "q7Rk2ZpX9vLmT4wN"
        let text = text.replacing("@@@@host", with: secret + "@host").replacing("@@@", with: secret)
        let safe = redacted(text)
        #expect(!safe.contains(secret), "\(text) became \(safe)")
        #expect(safe.contains("hmac-sha256:"))
        // Nothing more is found in what was made.
        let again = redaction.redact(redaction.redact(.string(text)))
        #expect(again == redaction.redact(.string(text)))
        // Nor is anything left over where it stands within something else.
        let nested: JSON = ["error": ["message": [.string(text)]], "meta": .string(text)]
        #expect(!String(decoding: redaction.redact(nested).canonical(), as: UTF8.self).contains(secret))
    }

    @Test(
        "What is no secret stays as it is",
        arguments: [
            "the password is long", "Authorization failed for user x", "author: me", "Unauthorized: come back later",
            "http://10.0.0.1:8786/v2/share-servers?host=lab%40alpha", "mailto me@example.org", "nfs://10.0.0.1:/a@b",
            "Share server 8c041935-231e-405a-a0d2-d5b0acdceb46 could not be found.", "100 % of it", "a\\u0041b",
            "the database base", "tokens", "key=1", "bearer of news", "{'a': 1}", "eyJ is how it begins", "", "x",
        ])
    func untouched(text: String) {
        #expect(redaction.redact(.string(text)) == .string(text))
    }

    @Test("The value of a header or of metadata is known by the name beside it")
    func named() {
        for value: JSON in [
            ["headers": [["name": "X-Auth-Token", "value": "hunter2"]]], [["key": "password", "value": ["hunter2"]]],
            ["headers": [["X-Auth-Token", "hunter2"], ["Host", "h"]]], [["header": "Cookie", "Content": "hunter2"]],
        ] {
            let safe = redaction.redact(value)
            #expect(!"\(safe)".contains("hunter2"))
            #expect(redaction.redact(safe) == safe)
        }
        let harmless: JSON = [["name": "Host", "value": "h"], ["roles": ["token_admin", "member"]]]
        #expect(redaction.redact(harmless) == harmless)
    }

    @Test("What is masked for a log of the process has no digest, and says where something was")
    func masked() {
        #expect(Redaction.masked(path: "/v2/token=abc/x") == "/v2/redacted/x")
        #expect(Redaction.masked(path: "/v3/auth/tokens/abc") == "/v3/auth/tokens/redacted")
        #expect(Redaction.masked(path: "/v2/share-servers") == "/v2/share-servers")
    }

    /// Names in every form, in random places, with random things around them.
    @Test("No secret under a name of one survives any nesting", .timeLimit(.minutes(20)))
    func nested() throws {
        var random = SplitMix(seed: 11)
        let names = [
            "password", "X-Auth-Token", "SeCrEt", "private.key", "ssh_key_path", "credentials", "os-auth", "apiKey",
        ]
        for _ in 0..<3000 {
            let secret = "q7Rk2ZpX" + String(random.next(), radix: 36) + "'\"\\ é"
            var value: JSON = .object([random.pick(names): .string(secret)])
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: value = ["driver_options": value, "n": 1]
                case 1: value = ["x", value, nil]
                case 2: value = .string(String(decoding: value.canonical(), as: UTF8.self))
                default:
                    // A key that is spelled with an escape, where it is within a text.
                    let text = String(decoding: value.canonical(), as: UTF8.self)
                    value = ["b": .string(text.replacing("o", with: "\\u006f").replacing("e", with: "\\u0065"))]
                }
            }
            let safe = String(decoding: redaction.redact(value).canonical(), as: UTF8.self)
            #expect(!safe.contains("q7Rk2ZpX"), "\(value) became \(safe)")
        }
    }
}
