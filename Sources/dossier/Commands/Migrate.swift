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

    @Option(help: "Lanes of a new log, 1 to 1024, fixed for ever; disregarded where there is a log.")
    var lanes: Int16 = 1

    func validate() throws {
        guard (1...1024).contains(lanes) else { throw ValidationError("--lanes is \(lanes); accepted are 1 to 1024.") }
    }

    func run() async throws {
        let applied = try await Migration.migrate(url: try database.url(), lanes: lanes, dryRun: dryRun)
        let verb = dryRun ? "would apply" : "applied"
        try await Output.standard.write(
            applied.isEmpty
                ? "The schema is up to date.\n" : applied.map { "\(verb) \($0.name)\n" }.joined())
    }
}
