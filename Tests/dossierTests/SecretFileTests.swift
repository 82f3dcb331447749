import DatabaseTesting
import Foundation
import Testing

@testable import dossier

/// Secrets that stand in files of their own.
@Suite(.timeLimit(.minutes(20))) struct SecretFileTests {
    @Test("The database's URL is read from a file, without its line end", .log, arguments: ["", "\n", "\r\n"])
    func url(end: String) async throws {
        try await withDirectory { directory in
            let path = directory + "/url"
            try (DatabaseTrait.url + end).write(toFile: path, atomically: true, encoding: .utf8)
            let verified = try await Program.run(["verify"], environment: ["DOSSIER_DATABASE_URL_FILE": path])
            #expect(verified.status == 0, "\(verified.errors)")
            let file = directory + "/dossier.yaml"
            try "database: {url_file: '\(path)'}".write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try await Program.run(["verify", "--config", file]).status == 0)
            let both = try await Program.run(
                ["verify"], environment: ["DOSSIER_DATABASE_URL_FILE": path, "DOSSIER_DATABASE_URL": "x"])
            #expect(both.status == 64)
            #expect(both.errors.contains("both set"))
        }
    }

    @Test("A file without a secret of one line is refused by name, and what it holds is not told")
    func refused() async throws {
        try await withDirectory { directory in
            for (name, content) in [("empty", ""), ("blank", "\n"), ("two", "s3cret\nmore\n")] {
                let path = directory + "/" + name
                try content.write(toFile: path, atomically: true, encoding: .utf8)
                let outcome = try await Program.run(["verify"], environment: ["DOSSIER_DATABASE_URL_FILE": path])
                #expect(outcome.status == 64)
                #expect(outcome.errors.contains("DOSSIER_DATABASE_URL_FILE") && outcome.errors.contains(path))
                #expect(!outcome.errors.contains("s3cret"))
            }
            let cloud = ["OS_AUTH_URL": "http://127.0.0.1:1", "OS_USERNAME": "u", "OS_PROJECT_NAME": "p"]
            let missing = try await Program.run(
                ["poll", "--database", "host=/nonexistent dbname=x"],
                environment: cloud.merging(["OS_PASSWORD_FILE": directory + "/none"]) { $1 })
            #expect(missing.status == 64)
            #expect(missing.errors.contains("'\(directory)/none' cannot be read"))
        }
    }

    @Test("A password of a file goes with a URL of either form, whatever is in it", .log)
    func password() async throws {
        try await withDirectory { directory in
            let path = directory + "/password"
            try #"a'b\c%26&d=e f"#.write(toFile: path, atomically: true, encoding: .utf8)
            let verified = try await Program.run(
                ["verify"],
                environment: ["DOSSIER_DATABASE_URL": DatabaseTrait.url, "DOSSIER_DATABASE_PASSWORD_FILE": path])
            #expect(verified.status == 0, "\(verified.errors)")
        }
    }

    /// Source: PostgreSQL, "Connection Strings".
    @Test(arguments: [
        ("postgres://u@h/d", "postgres://u@h/d?password=a%27%5C%20b"),
        ("postgresql://h/d?sslmode=require", "postgresql://h/d?sslmode=require&password=a%27%5C%20b"),
        ("host=h dbname=d", #"host=h dbname=d password='a\'\\ b'"#), ("d", #"dbname='d' password='a\'\\ b'"#),
    ])
    func passwordsAreWrittenAsLibpqReadsThem(url: String, expected: String) {
        #expect(DatabaseURL.adding(password: #"a'\ b"#, to: url) == expected)
    }
}
