import ArgumentParser
import DatabaseTesting
import FoundationEssentials
import Postgres
import Testing

@testable import dossier

@Suite struct SettingsTests {
    @Test(arguments: [
        ("127.0.0.1:8787", "127.0.0.1", 8787), ("localhost:0", "localhost", 0), ("[::1]:80", "::1", 80),
        ("0.0.0.0:65535", "0.0.0.0", 65_535),
    ])
    func namesWhereToListen(text: String, host: String, port: Int) {
        #expect(ListenAddress(text)?.host == host)
        #expect(ListenAddress(text)?.port == port)
    }

    @Test(arguments: [
        "", "8787", ":8787", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "a:b",
    ])
    func namesNowhereToListen(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test func limitsAreNumbersAboveZeroOrAll() {
        #expect(Limit(argument: "all") == Limit.all)
        #expect(Limit(argument: "7") == Limit(count: 7))
        for text in ["0", "-1", "many", "", "1.5"] { #expect(Limit(argument: text) == nil) }
    }

    @Test func dataIsKeptWhereTheFlagTheEnvironmentOrTheUserSays() throws {
        let all = ["DOSSIER_DATA": "/d", "XDG_DATA_HOME": "/x", "HOME": "/h"]
        #expect(try DataDirectory.path(given: "/g/", environment: all, isRoot: false) == "/g")
        #expect(try DataDirectory.path(given: nil, environment: all, isRoot: true) == "/d")
        let home = ["XDG_DATA_HOME": "/x", "HOME": "/h"]
        #expect(try DataDirectory.path(given: nil, environment: home, isRoot: false) == "/x/dossier")
        #expect(try DataDirectory.path(given: nil, environment: home, isRoot: true) == "/var/lib/dossier")
        #expect(
            try DataDirectory.path(given: nil, environment: ["HOME": "/h"], isRoot: false) == "/h/.local/share/dossier")
        #expect(
            try DataDirectory.path(given: "rel", environment: [:], isRoot: false)
                == FileManager.default.currentDirectoryPath + "/rel")
        #expect(throws: Failure.self) { try DataDirectory.path(given: nil, environment: [:], isRoot: false) }
    }
}

@Suite struct DataDirectoryTests {
    private func withDirectory(_ body: (DataDirectory) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.path + "/dossier-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = DataDirectory(path: path + "/a/b")
        try directory.make()
        try await body(directory)
    }

    @Test func oneProcessAtATimeRunsOnADirectory() async throws {
        try await withDirectory { directory in
            let claim = try await directory.claim()
            #expect(try directory.running() == nil)
            let instance = DataDirectory.Instance(process: 42, url: "http://h:1", databaseURL: "host=/x y='z'")
            try directory.announce(instance)
            #expect(try directory.running() == instance)
            await #expect {
                _ = try await directory.claim()
            } throws: { error in
                Failure(error).message.contains("process 42, http://h:1")
            }
            claim.release()
            // A program that another test is about to start holds a copy of the lock until it has been started.
            try await wait(for: "the process to end") { try directory.running() == nil }
            try await directory.claim().release()
        }
    }

    @Test func aDirectoryThatCannotBeMadeIsNamed() throws {
        #expect {
            try DataDirectory(path: "/dev/null/dossier").make()
        } throws: { error in
            Failure(error).message.contains("/dev/null/dossier")
        }
    }
}

@Suite struct FailureTests {
    @Test func everyFailureSaysWhatToDoAndHasAStatus() {
        let away = Failure(PostgresError.unavailable(reason: "no route"))
        #expect(away.message.contains("no route"))
        #expect(away.advice?.contains("DOSSIER_DATABASE_URL") == true)
        #expect(away.status == .failed)
        let missing = Failure(PostgresError.refused(sqlState: "42P01", query: "fetch_heads", reason: "no table"))
        #expect(missing.advice?.contains("dossier migrate") == true)
        #expect(Failure(CancellationError()).status == .interrupted)
        let nobody = Failure(APIError.unreachable(url: "http://127.0.0.1:1", reason: "refused"))
        #expect(nobody.advice?.contains("dossier up") == true)
    }

    @Test func whatAServerAnswersCannotCommandTheTerminal() {
        let failure = Failure(APIError.refused(status: 400, title: "Bad\u{1B}[2J", detail: "a\nb"))
        #expect(failure.text == "dossier: Bad\\u{1b}[2J: a\\nb\n")
    }
}
