import Postgres
import ShareServers
import Testing

@testable import Ingest

/// That tokens are had, kept and renewed, and that Manila is found in the catalogue.
@Suite struct KeystoneTests {
    @Test("A password is shown once, in the form that Keystone v3 takes, and the token is used until it is old")
    func password() async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone()
            let token = try await keystone.token()
            #expect(token == "gAAAAAB-token-1")
            let again = try await keystone.token()
            #expect(again == token)
            #expect(await cloud.count("POST", "/v3/auth/tokens") == 1)
            // Source: Identity API v3, "Password authentication with scoped authorization".
            let expected = """
                {"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"Default"},\
                "name":"dossier","password":"s3cret"}}},"scope":{"project":{"domain":{"id":"default"},"name":"service"}}}}
                """
            #expect(await cloud.requests.first?.body == expected)
        }
    }

    @Test("An application credential is shown by its id, or by its name and user, without a scope")
    func applicationCredential() async throws {
        try await Cloud.with { cloud in
            for (name, expected) in [
                (KeystoneCredentials.Name.id("423f19a4"), #"{"id":"423f19a4","secret":"s3cret"}"#),
                (
                    .name("poller", domain: .id("u1")),
                    #"{"name":"poller","secret":"s3cret","user":{"id":"u1"}}"#
                ),
            ] {
                let keystone = Keystone(
                    url: await cloud.url + "/v3/", credentials: .applicationCredential(name, secret: "s3cret"),
                    redaction: Cloud.redaction, http: cloud.http)
                _ = try await keystone.token()
                let body = await cloud.requests.last?.body
                #expect(
                    body == """
                        {"auth":{"identity":{"application_credential":\(expected),"methods":["application_credential"]}}}
                        """)
            }
        }
    }

    @Test("Wrong credentials are refused as such, and neither they nor their holder tell the secret")
    func denied() async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone(password: "wr0ng-secret")
            let error = await #expect(throws: IngestError.self) { try await keystone.token() }
            guard case .denied = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            let credentials = KeystoneCredentials.applicationCredential(.id("a"), secret: "wr0ng-secret")
            for text in [
                "\(String(describing: error))", "\(credentials)", String(reflecting: credentials),
                String(reflecting: Mirror(reflecting: credentials).children.map { $0 }),
            ] { #expect(!text.contains("wr0ng")) }
        }
    }

    @Test("A token that is about to expire is renewed, and many who need one at once ask once")
    func renewal() async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try? await keystone.token() } }
            }
            #expect(await cloud.count("POST", "/v3/auth/tokens") == 1)
            await cloud.set(tokenLife: .milliseconds(200))
            await keystone.discard(try await keystone.token())
            let second = try await keystone.token()
            #expect(second == "gAAAAAB-token-2")
            try await Task.sleep(for: .milliseconds(250))
            let third = try await keystone.token()
            #expect(third == "gAAAAAB-token-3")
        }
    }

    @Test("Manila is found by region and interface; where there are several regions, one must be named")
    func catalogue() async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone()
            let url = await cloud.url
            let one = try await keystone.manila(region: "one", interface: "public")
            #expect(one == url + "/v2")
            let two = try await keystone.manila(region: "two", interface: "internal")
            #expect(two == url + "/two-internal/v2")
            for (region, interface) in [(nil, "public"), ("three", "public"), ("one", "admin")] as [(String?, String)] {
                let error = await #expect(throws: IngestError.self) {
                    try await keystone.manila(region: region, interface: interface)
                }
                guard case .misconfigured = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test(
        "What is no token is not taken for one",
        arguments: ["", "null", "[]", "<html>", #"{"token":{}}"#, #"{"token":{"expires_at":"soon"}}"#])
    func malformed(body: String) async throws {
        try await Cloud.with { cloud in
            await cloud.set(.body(body), for: "/v3/auth/tokens")
            let keystone = await cloud.keystone()
            let error = await #expect(throws: IngestError.self) { try await keystone.token() }
            guard case .unintelligible = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            await cloud.set(nil, for: "/v3/auth/tokens")
            let token = try await keystone.token()
            #expect(token == "gAAAAAB-token-1")
        }
    }

    @Test("A Keystone that does not answer in time is away, and so is one that is not there", .timeLimit(.minutes(20)))
    func away() async throws {
        try await Cloud.with { cloud in
            await cloud.set(.silent, for: "/v3/auth/tokens")
            let silent = await cloud.keystone(patience: .milliseconds(200))
            let nobody = Keystone(
                url: "http://127.0.0.1:1", credentials: .applicationCredential(.id("a"), secret: "b"),
                redaction: Cloud.redaction, http: cloud.http)
            for keystone in [silent, nobody] {
                let begun = ContinuousClock.now
                let error = await #expect(throws: IngestError.self) { try await keystone.token() }
                guard case .away = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(.now - begun < .seconds(120))
            }
        }
    }
}
