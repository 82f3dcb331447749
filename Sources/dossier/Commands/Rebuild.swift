import ArgumentParser
import Projections
import Synchronization

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
        let bar = ProgressBar("Rebuilding", unit: "entries")
        let done: [String: String]
        do {
            done = try await Self.rebuild(url, bar)
            await bar.clear()
        } catch {
            await bar.clear()
            throw error
        }
        for projection in Projection.all {
            if let line = done[projection.name] { try await Output.standard.write(line) }
        }
    }

    /// All at once, as they read and write tables of their own: what each took, by its name.
    private static func rebuild(_ url: String, _ bar: ProgressBar) async throws -> [String: String] {
        let progress = Progress()
        return try await withThrowingTaskGroup(of: (name: String, line: String).self) { group in
            for projection in Projection.all {
                group.addTask {
                    let start = ContinuousClock.now
                    let entries = try await projection.rebuild(url: url) { done, total in
                        let all = progress.note(projection.name, done, total)
                        bar.report(all.done, of: all.total)
                    }
                    let span = Span(ContinuousClock.now - start)
                    return (projection.name, "\(projection.name): \(entries.grouped) entries applied in \(span)\n")
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.name] = $1.line }
        }
    }

    /// How far each has come, and so all together.
    private final class Progress: Sendable {
        private let known = Mutex<[String: (done: Int64, total: Int64)]>([:])

        func note(_ name: String, _ done: Int64, _ total: Int64) -> (done: Int64, total: Int64) {
            known.withLock { known in
                known[name] = (done, total)
                return known.values.reduce(into: (0, Int64(Projection.all.count) * total)) { $0.0 += $1.done }
            }
        }
    }
}
