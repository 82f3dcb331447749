import ArgumentParser
import Projections

struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fill the projections anew from the whole log.",
        discussion: """
            Questions are answered from the former tables until the new ones are full. One that was interrupted goes on \
            where it stopped.
            """)

    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let url = try database.url()
        for projection in Projection.all {
            let bar = ProgressBar("Rebuilding \(projection.name)", unit: "entries")
            let start = ContinuousClock.now
            let entries: Int64
            do {
                entries = try await projection.rebuild(url: url) { done, total in bar.report(done, of: total) }
                await bar.clear()
            } catch {
                await bar.clear()
                throw error
            }
            try await Output.standard.write(
                "\(projection.name): \(entries.grouped) entries applied in \(Span(ContinuousClock.now - start))\n")
        }
    }
}
