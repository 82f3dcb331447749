import ArgumentParser
import Schema

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a database to this program's schema, and create its log.",
        discussion: """
            All of it happens, or nothing. Safe beside other processes doing the same. The user must be allowed to \
            create schemas and roles: it is not the one that the service logs in as. That one is made by --roles, and may \
            append, read and project, but neither change nor remove what is in the log.
            """)

    @OptionGroup var database: DatabaseOptions

    @Flag(help: "Say what would be applied, and take it back.")
    var dryRun = false

    @Option(help: "Lanes of a new log, 1 to 1024, fixed for ever; disregarded where there is a log. (default: 1)")
    var lanes: Int?

    @Flag(help: "Make a login for the service as well, with the roles that it needs.")
    var roles = false

    @Flag(help: "Make the roles and the login, and nothing else: before a log is restored from a dump.")
    var rolesOnly = false

    @Option(help: ArgumentHelp("The login that --roles makes. (default: dossier_service)", valueName: "name"))
    var serviceUser: String?

    @Option(
        help: ArgumentHelp(
            "Its password, in a file of one line.",
            discussion: "Default: a new login gets one that is told once, and one that is there keeps its own.",
            valueName: "file"),
        completion: .file())
    var servicePasswordFile: String?

    private static let usualServiceUser = "dossier_service"

    func validate() throws {
        guard serviceUser == nil && servicePasswordFile == nil || roles || rolesOnly else {
            throw ValidationError("--service-user and --service-password-file need --roles or --roles-only.")
        }
        // Source: PostgreSQL documentation, "Identifiers and Key Words": what is longer is cut off.
        guard serviceUser.map({ (1...63).contains($0.utf8.count) }) ?? true else {
            throw ValidationError("--service-user has 1 to 63 bytes.")
        }
    }

    func run() async throws {
        let configuration = try database.configuration()
        let lanes = try configuration.number(.lanes, given: lanes) ?? 1
        let password = try servicePasswordFile.map { try SecretFile.read($0, for: "--service-password-file") }
        let url = try database.url(configuration)
        if !rolesOnly {
            let applied = try await Migration.migrate(url: url, lanes: Int16(lanes), dryRun: dryRun)
            let verb = dryRun ? "would apply" : "applied"
            try await Output.standard.write(
                applied.isEmpty
                    ? "The schema is up to date.\n" : applied.map { "\(verb) \($0.name)\n" }.joined())
        }
        if roles || rolesOnly { try await makeRoles(url, password) }
    }

    private func makeRoles(_ url: String, _ password: String?) async throws {
        let user = serviceUser ?? Self.usualServiceUser
        let made = try await Role.make(url: url, login: user, password: password, dryRun: dryRun)
        let verb = dryRun ? "would run" : "ran"
        try await Output.standard.write(
            made.statements.isEmpty
                ? "The roles are there.\n" : made.statements.map { "\(verb): \($0)\n".escapedLine }.joined())
        if let password = made.password, !dryRun {
            try await Output.standard.write("The password of \(user), told this once: \(password)\n".escapedLine)
        }
    }
}
