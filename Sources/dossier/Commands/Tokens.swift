import ArgumentParser
import Postgres
import Queries
import Service
import ShareServers

struct Tokens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, list and revoke the tokens that let into the query API.",
        discussion: """
            They are kept in the database, as hashes: connect as whoever migrated it. As soon as there is one, nobody is \
            let in without.
            """,
        subcommands: [Create.self, List.self, Revoke.self])
}

extension Tokens {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token and print it, once: nobody can print it again.",
            discussion: "Roles: ingest pushes events and nothing else; read reads; admin does both.")

        @OptionGroup var database: DatabaseOptions

        @Option(help: "What it lets its holder do.")
        var role: AccessRole

        @Option(
            name: .customLong("project"),
            help: ArgumentHelp(
                "With --role read: only what is of this project; may be given several times.", valueName: "id"))
        var projects: [String] = []

        @Option(
            help: ArgumentHelp(
                "Until when it counts: 12h or 90d from now on, or an RFC 3339 time. (default: until it is revoked)",
                valueName: "time"),
            transform: Self.expiry)
        var expires: Timestamp?

        @Option(help: ArgumentHelp("Who it is for, as 'dossier tokens list' tells.", valueName: "name"))
        var name: String?

        func validate() throws {
            guard projects.isEmpty || role == .read else { throw ValidationError("--project is for --role read.") }
            guard projects.allSatisfy({ (1...255).contains($0.utf8.count) }) else {
                throw ValidationError("a project's id has 1 to 255 bytes.")
            }
            guard name.map({ (1...255).contains($0.utf8.count) }) ?? true else {
                throw ValidationError("--name has 1 to 255 bytes.")
            }
        }

        func run() async throws {
            let token = Token()
            _ = try await Tokens.owning(database) { connection in
                try connection.execute(
                    Queries.Access.appendToken(
                        id: token.id, name: name ?? role.rawValue, role: role.rawValue,
                        projects: projects.isEmpty ? nil : projects, secretHash: Bytes(token.secretHash),
                        expiresAt: expires))
            }
            try await Output.standard.write(token.text + "\n")
            try await Output.diagnostics.write(
                "Token \(token.id): keep it as you would a password; it is not shown again.\n")
        }

        @Sendable private static func expiry(_ text: String) throws -> Timestamp {
            let now = Timestamp.now
            // A length counts from now on, where it would be ago elsewhere.
            let isLength = text.first?.isNumber == true && text.last?.isLetter == true && text.last != "Z"
            if let moment = TimeArgument.moment(text, now: now) {
                let wanted =
                    isLength ? Timestamp(microseconds: 2 * now.microseconds - moment.microseconds) : moment
                if wanted > now { return wanted }
            }
            throw ValidationError(
                "'\(text.escapedForTerminal)' is no time to come; accepted are lengths such as 12h or 90d, and RFC 3339."
            )
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all tokens, those that are revoked or have expired included. Times are UTC.")

        @OptionGroup var database: DatabaseOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let rows = try await Tokens.owning(database) { connection in
                try connection.fetchAll(Queries.Access.fetchTokens())
            }
            let now = Timestamp.now
            let items = rows.map { row -> JSON in
                [
                    "id": .string(row.id), "name": .string(row.name), "role": .string(row.role),
                    "projects": row.projects.map { .array($0.map { .string($0) }) } ?? .null,
                    "created_at": .string(row.createdAt.description),
                    "expires_at": row.expiresAt.map { .string($0.description) } ?? .null,
                    "revoked_at": row.revokedAt.map { .string($0.description) } ?? .null,
                    "used_at": row.usedAt.map { .string($0.description) } ?? .null,
                    "state": .string(Self.state(row, now)),
                ]
            }
            var writer = ListingWriter(
                .tokens, format: output.output, width: Terminal.standardOutput.width, coloured: output.isColoured)
            let page: JSON = ["tokens": .array(items)]
            try await Output.standard.write(writer.text(of: page, items, isLast: true))
            if output.output == .table, items.isEmpty {
                try await Output.diagnostics.write(Listing.tokens.none + "\n")
            }
        }

        private static func state(_ token: Queries.Access.FetchTokens, _ now: Timestamp) -> String {
            if token.revokedAt != nil { return "revoked" }
            return token.expiresAt.map { $0 <= now } ?? false ? "expired" : "valid"
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a token back, for good.",
            discussion: "Every process stops letting it in within \(Admission.memory.components.seconds) seconds.")

        @OptionGroup var database: DatabaseOptions

        @Argument(help: "Its id, as 'dossier tokens list' tells.")
        var id: String

        func run() async throws {
            // Whoever pastes the token itself means the same.
            let id = Token(id)?.id ?? id
            let row = try await Tokens.owning(database) { connection in
                try connection.fetchOptional(Queries.Access.revokeToken(id: id))
            }
            guard let row else {
                throw Failure(
                    "there is no token with this id", advice: "'dossier tokens list' tells those there are.",
                    status: .usage)
            }
            try await Output.standard.write("Revoked at \(row.revokedAt).\n")
        }
    }

    /// Runs `body` as whoever owns the schema: the roles of the service may make no tokens.
    fileprivate static func owning<Output: Sendable>(
        _ database: DatabaseOptions, _ body: @Sendable (isolated Connection) throws -> Output
    ) async throws -> Output {
        let connection = try await Connection.open(
            try database.url(), setup: ["SET application_name = 'dossier tokens'"])
        do {
            let output = try await connection.run { try body($0) }
            await connection.close()
            return output
        } catch PostgresError.refused("42501", _, _) {
            await connection.close()
            throw Failure(
                "the database refused for want of rights",
                advice: "Connect as whoever runs 'dossier migrate': the roles of the service may make no tokens.")
        } catch {
            await connection.close()
            throw error
        }
    }
}

extension Listing {
    static let tokens = Listing(
        items: "tokens",
        columns: [
            Column("ID") { Table.Cell($0.text("id"), .bold) },
            Column("NAME", least: 8) { Table.Cell($0.text("name")) },
            Column("ROLE") { Table.Cell($0.text("role")) },
            Column("STATE") { Table.Cell($0.text("state"), $0.text("state") == "valid" ? .plain : .bad) },
            Column("EXPIRES", dispensable: 1) { Table.Cell($0.second("expires_at"), .faint) },
            Column("LAST USE", dispensable: 2) { Table.Cell($0.second("used_at"), .faint) },
            Column("CREATED", dispensable: 4) { Table.Cell($0.second("created_at"), .faint) },
            Column("PROJECTS", least: 8, dispensable: 3) {
                Table.Cell($0.elements("projects").map(\.plain).joined(separator: ", "))
            },
        ],
        fields: [
            .member("id"), .member("name"), .member("role"),
            Field("projects") { $0.elements("projects").map(\.plain).joined(separator: " ") },
            .member("created_at"), .member("expires_at"), .member("used_at"), .member("revoked_at"), .member("state"),
        ],
        none: "There are no tokens: nobody needs one on this machine, and nobody else is let in.")
}
