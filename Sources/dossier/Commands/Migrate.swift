import ArgumentParser
import Schema

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a database to this program's schema, and create its log.",
        discussion: """
            All of it happens, or nothing. Safe beside other processes doing the same. The user must be allowed to \
            create schemas and roles.
            """)

    @OptionGroup var database: DatabaseOptions

    @Flag(help: "Say what would be applied, and take it back.")
    var dryRun = false

    @Option(help: "Lanes of a new log, 1 to 1024, fixed for ever; disregarded where there is a log. (default: 1)")
    var lanes: Int?

    func run() async throws {
        let configuration = try database.configuration()
        let lanes = try configuration.number(.lanes, given: lanes) ?? 1
        let applied = try await Migration.migrate(
            url: try database.url(configuration), lanes: Int16(lanes), dryRun: dryRun)
        let verb = dryRun ? "would apply" : "applied"
        try await Output.standard.write(
            applied.isEmpty
                ? "The schema is up to date.\n" : applied.map { "\(verb) \($0.name)\n" }.joined())
    }
}
