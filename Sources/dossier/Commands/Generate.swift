import ArgumentParser
import Generator
import Postgres

struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the events of a fleet that never was, to try and to measure with.",
        discussion: """
            One CloudEvent a line, as 'dossier import' reads them: servers are created, managed, migrated, broken, \
            reset, unmanaged and deleted; hosts have bad hours; the poller is away now and then; some events come late. \
            The same for the same seed and fleet.

              dossier generate --events 100000 | dossier import -
            """)

    @Option(help: "How many events.")
    var events = 10_000

    @Option(help: "Other seeds give other histories.")
    var seed: UInt64 = 1

    @Option(help: "Servers that are there at a time, about.")
    var servers = Generator.Fleet().servers

    @Option(help: "Hosts that they are on.")
    var hosts = Generator.Fleet().hosts

    @Option(help: "Projects that they belong to.")
    var projects = Generator.Fleet().projects

    @Option(
        help: ArgumentHelp("When the first of them is seen. (default: 2026-01-01T00:00:00Z)", valueName: "time"),
        transform: TimeArgument.parse)
    var from: Timestamp?

    @Option(help: "Hours from one act on a server to the next, on average.")
    var hoursBetweenActs = Generator.Fleet().hoursBetweenActs

    @Option(help: "Of a thousand events, how many come late.")
    var late = Generator.Fleet().latePerMille

    @Option(help: "Of a thousand rounds of the poller, how many begin a time in which nobody polls.")
    var gaps = Generator.Fleet().gapsPerMille

    func validate() throws {
        guard events >= 0 else { throw ValidationError("--events is \(events); it is 0 or more.") }
        for (name, value) in [
            ("servers", servers), ("hosts", hosts), ("projects", projects), ("hours-between-acts", hoursBetweenActs),
        ] {
            guard (1...10_000_000).contains(value) else {
                throw ValidationError("--\(name) is \(value); it is from 1 to 10000000.")
            }
        }
        for (name, value) in [("late", late), ("gaps", gaps)] {
            guard (0...1000).contains(value) else {
                throw ValidationError("--\(name) is \(value); it is from 0 to 1000, of a thousand.")
            }
        }
    }

    /// Bytes that are written at a time.
    private static let pieceBytes = 256 << 10

    func run() async throws {
        var fleet = Generator.Fleet()
        fleet.servers = servers
        fleet.hosts = hosts
        fleet.projects = projects
        fleet.hoursBetweenActs = hoursBetweenActs
        fleet.latePerMille = late
        fleet.gapsPerMille = gaps
        if let from { fleet.from = from }
        let bar = ProgressBar("Generating", unit: "events")
        var generator = Generator(seed: seed, fleet: fleet)
        var piece: [UInt8] = []
        do {
            for count in 0..<events {
                guard let line = generator.next() else { break }
                piece += line.utf8
                piece.append(0x0A)
                guard piece.count >= Self.pieceBytes || count == events - 1 else { continue }
                try Task.checkCancellation()
                try await Output.standard.write(piece)
                piece.removeAll(keepingCapacity: true)
                bar.report(Int64(count + 1), of: Int64(events))
            }
            await bar.clear()
        } catch {
            await bar.clear()
            throw error
        }
    }
}
