import ArgumentParser
import EventLog
import Ingest
import ShareServers
import UnixSignals

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: """
            Bring CloudEvents, captured HTTP traffic (HAR) or audit notifications into the log; repeating it appends \
            nothing.
            """,
        discussion: """
            Notifications (oslo) are those of keystonemiddleware's audit filter, as OpenStack's message bus carries \
            them, or the CADF events in them: one a line, or a JSON array. Others in the file are passed over and \
            counted as skipped. A call that was captured as well is linked by its request id and counts once.

            What is wrong is reported as file:line: field: reason, and counted; the rest goes in. Ctrl-C stops it \
            cleanly. Exits with 1 where anything was wrong or conflicts with what is there.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    @Argument(
        help: ArgumentHelp("Files to import, in this order; - is standard input.", valueName: "file"),
        completion: .file())
    var files: [String]

    enum ImportFormat: String, CaseIterable, ExpressibleByArgument {
        case auto
        case ndjson
        case json
        case har
        case oslo

        var format: Format? { Format(rawValue: rawValue) }
    }

    @Option(help: "What the files hold; auto: recognised by their first bytes. (default: auto)")
    var format: ImportFormat?

    @Option(
        help: ArgumentHelp(
            """
            The source of events drawn out of captured traffic or notifications. (default: the origin of each request; \
            /notifications/ and the publisher)
            """,
            valueName: "uri"))
    var source: String?

    func validate() throws {
        if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("Standard input can be read only once.") }
        if let source, source.isEmpty { throw ValidationError("--source is empty.") }
    }

    func run() async throws {
        let configuration = try database.configuration()
        let format: ImportFormat? = try configuration.choice(.importFormat, given: format)
        let source = try configuration.text(.importSource, given: source)
        let log = try await Log.open(url: try database.url(configuration))
        let importing = Importing(log: log, files: files, format: format?.format, source: source)
        let summary = await importing.runUntilInterrupted()
        await log.close()
        try await Output.standard.write(summary.text(output.output))
        if let failure = summary.failure { throw failure }
        if summary.isInterrupted { throw ExitCode(.interrupted) }
        if !summary.isClean { throw ExitCode(.failed) }
    }
}

/// The import of some files, one after another.
struct Importing: Sendable {
    let log: Log
    let files: [String]
    let format: Format?
    let source: String?

    /// Imports until all is done or SIGINT or SIGTERM comes; a second signal ends the process at once.
    func runUntilInterrupted() async -> ImportSummary {
        let signals = await UnixSignalsSequence(trapping: [.sigint, .sigterm])
        return await withTaskGroup(of: ImportSummary?.self) { group in
            let work = Task { await run() }
            group.addTask {
                var count = 0
                for await _ in signals {
                    count += 1
                    if count > 1 { Dossier.end(.interrupted) }
                    work.cancel()
                }
                return nil
            }
            let summary = await work.value
            group.cancelAll()
            return summary
        }
    }

    /// Imports all files; stops early where the log takes no more, or the task is cancelled.
    func run() async -> ImportSummary {
        var summary = ImportSummary()
        let start = ContinuousClock.now
        for file in files {
            let desk = FaultDesk()
            let bar = ProgressBar("Importing \(file == "-" ? "standard input" : file)", unit: "bytes")
            let work = FileImport(
                log: log, source: source,
                onFault: { input, fault in desk.report(fault, in: input) },
                onProgress: { done, total, events in
                    desk.settled(events)
                    bar.report(done, of: total)
                })
            do throws(IngestError) {
                let report = try await work.run(file, format: format)
                summary.add(report)
            } catch {
                summary.add(error, of: file, settled: desk.settledEvents)
            }
            await bar.clear()
            await desk.close()
            if summary.hasStopped { break }
        }
        summary.elapsed = ContinuousClock.now - start
        return summary
    }
}
