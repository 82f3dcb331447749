import Crypto
import Foundation
import ShareServers
import Testing

@Suite struct RedactionTests {
    /// Made with the HMAC itself, of what RFC 8785 says the value's text is.
    func sealed(_ canonical: String, key: String = "the key of this installation, kept") -> JSON {
        ["redacted": .string("hmac-sha256:" + hmac(canonical, key: key))]
    }

    func hmac(_ text: String, key: String = "the key of this installation, kept") -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: Data(key.utf8)))
        return code.map { String(format: "%02x", $0) }.joined()
    }

    /// RFC 4231, test case 2, has key `Jefe`; its text is no JSON, so this vector is from OpenSSL:
    /// `printf '"what do ya want for nothing?"' | openssl dgst -sha256 -hmac Jefe`.
    @Test func theDigestIsThatOfTheCanonicalValue() {
        let expected = "6e5c2a18febccaca669ac5f4415342714850e76ba86824a3371270e6dd69956f"
        #expect(
            Redaction(key: Array("Jefe".utf8)).seal("what do ya want for nothing?")
                == ["redacted": .string("hmac-sha256:" + expected)])
    }

    @Test(arguments: [
        "password", "Password", "admin_password", "PASSWORDS", "secret", "client-secret", "token", "X-Auth-Token",
        "private_key", "privateKey", "Private-Key", "ssh.private.key", "key_path", "keyPath", "credential",
        "credentials", "auth", "auth_url", "os_auth", "OS-AUTH-TYPE", "oauth", "authorization", "Authorise",
        "authenticated", "author_token", "authOrigin", "auth_or_not", "pass\u{301}wordpassword",
    ])
    func whateverStandsUnderASecretsNameIsSealed(key: String) throws {
        for (value, canonical) in [
            ("s3cr3t" as JSON, #""s3cr3t""#), (7, "7"), (nil, "null"), (true, "true"),
            (["b": 1, "a": []], #"{"a":[],"b":1}"#),
        ] {
            #expect(redaction.redact(.object([key: value])) == .object([key: sealed(canonical)]))
        }
    }

    @Test(arguments: [
        "author", "authors", "Author_Name", "authority", "authorship", "co-author", "identifier", "host", "pass", "key",
        "path", "unauthorized", "encryption_key_ref", "driver_options", "toke", "",
    ])
    func otherKeysKeepTheirValues(key: String) {
        let value: JSON = ["x": [.object([key: "seen"])]]
        #expect(redaction.redact(value) == value)
    }

    @Test func secretsAreFoundAtAnyDepth() {
        let value: JSON = [
            "share_server": [
                "driver_options": ["list": [["Key_Path": "/etc/k"], "text"], "size": 1],
                "backend_details": ["instance_id": "i", "password": "p"],
            ]
        ]
        #expect(
            redaction.redact(value) == [
                "share_server": [
                    "driver_options": ["list": [["Key_Path": sealed(#""/etc/k""#)], "text"], "size": 1],
                    "backend_details": ["instance_id": "i", "password": sealed(#""p""#)],
                ]
            ])
    }

    @Test func redactingTwiceIsRedactingOnce() {
        let value: JSON = ["a": ["token": ["x": 1]], "b": #"{"password": "p"}"#, "c": "{'password': 'p'}"]
        let once = redaction.redact(value)
        #expect(once != value)
        #expect(redaction.redact(once) == once)
    }

    @Test func secretsInTextsThatHoldJSONAreSealedToo() {
        let value: JSON = [
            "subnet_allocations": #"[{"ip": "10.0.0.1", "password": "p"}]"#,
            "harmless": #"[ {"ip": "10.0.0.1"} ]"#, "python": "{'password': 'p'}", "prose": "the password is long",
        ]
        let redacted = redaction.redact(value)
        #expect(redacted["harmless"] == value["harmless"])
        #expect(redacted["prose"] == value["prose"])
        #expect(redacted["python"] == sealed(#""{'password': 'p'}""#))
        #expect(
            redacted["subnet_allocations"]
                == .string(#"[{"ip":"10.0.0.1","password":{"redacted":"hmac-sha256:\#(hmac(#""p""#))"}}]"#))
    }

    @Test func equalSecretsMatchUnderOneKeyAndNotUnderAnother() {
        let other = Redaction(key: Array("another key".utf8))
        #expect(redaction.seal("s") == redaction.seal("s"))
        #expect(redaction.seal("s") != redaction.seal("t"))
        #expect(redaction.seal("s") != other.seal("s"))
        #expect(other.seal("s") == sealed(#""s""#, key: "another key"))
    }

    @Test func theKeyIsNeverPrinted() {
        var dumped = ""
        dump(redaction, to: &dumped)
        #expect("\(redaction) \(String(reflecting: redaction)) \(dumped)" == "Redaction Redaction - Redaction\n")
    }

    @Test func queryParametersOfASecretsNameAreSealed() {
        let p = "hmac-sha256:" + hmac(#""p&w d""#)
        for (target, expected) in [
            ("/v2/x", "/v2/x"), ("/v2/x?", "/v2/x?"),
            ("/v2/x?limit=1&host=lab%40alpha", "/v2/x?limit=1&host=lab%40alpha"),
            ("/v2/x?password=p%26w+d&a=b", "/v2/x?password=\(p)&a=b"),
            ("/v2/x?a;PASS%57ord=p%26w%20d;", "/v2/x?a;PASS%57ord=\(p);"),
            ("/v2/x?d[token]=p%26w+d#top", "/v2/x?d[token]=\(p)#top"),
            ("/v2/x?author=me&&token", "/v2/x?author=me&&token"),
            ("/v2/x?password=\(p)", "/v2/x?password=\(p)"),
            ("/password=1?a", "/hmac-sha256:\(hmac(#""password=1""#))?a"),
            ("/v3/auth/tokens/abc", "/v3/auth/tokens/hmac-sha256:\(hmac(#""abc""#))"),
        ] {
            #expect(redaction.redact(target: target) == expected)
        }
        let nested = redaction.redact(target: #"/x?driver_options={"password":"hunter2"}&next=/y?token%3Dhunter2"#)
        #expect(!nested.contains("hunter2"))
        #expect(nested.hasPrefix("/x?driver_options=hmac-sha256:"))
    }
}
