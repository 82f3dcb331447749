import ArgumentParser
import FoundationEssentials
import Logging

/// The environment of the process.
let environment = ProcessInfo.processInfo.environment

/// Which database a running command works on.
struct DatabaseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The PostgreSQL to work on, as a libpq URL or connection string.",
            discussion: "Default: DOSSIER_DATABASE_URL; else the database of the 'dossier up' that runs on --data.",
            valueName: "url"))
    var database: String?

    @OptionGroup var data: DataOptions

    /// - Throws: `Failure` where nothing says which.
    func url() throws -> String {
        if let url = database ?? environment["DOSSIER_DATABASE_URL"], !url.isEmpty { return url }
        if let running = try data.directory().running() { return running.databaseURL }
        throw Failure(
            "nothing says which database to work on",
            advice: "Give --database or DOSSIER_DATABASE_URL, or start a database with 'dossier up'.",
            status: .usage)
    }
}

/// Where an installation keeps what is its own.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where this installation keeps its data.",
            discussion: """
                Default: DOSSIER_DATA; else $XDG_DATA_HOME/dossier, ~/.local/share/dossier, or as root /var/lib/dossier.
                """,
            valueName: "directory"),
        completion: .directory)
    var data: String?

    func directory() throws -> DataDirectory {
        let path = try DataDirectory.path(given: data, environment: environment)
        return DataDirectory(path: path)
    }
}

/// Where the query API is.
struct APIOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the query API answers.",
            discussion: "Default: DOSSIER_URL, else http://127.0.0.1:8787.", valueName: "url"))
    var url: String?

    func address() throws -> String {
        let address = url ?? environment["DOSSIER_URL"].flatMap { $0.isEmpty ? nil : $0 } ?? "http://127.0.0.1:8787"
        guard address.hasPrefix("http://") || address.hasPrefix("https://") else {
            throw ValidationError("'\(address.escapedForTerminal)' is no http:// or https:// URL.")
        }
        return address
    }
}

/// How answers are written.
struct OutputOptions: ParsableArguments {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table
        case json
        case csv
    }

    @Option(name: [.short, .long], help: "How to write the answer.")
    var output = Format.table

    @Option(name: [.customLong("color"), .customLong("colour")], help: "When to use colours.")
    var colour = Colour.auto

    var isColoured: Bool { Terminal.standardOutput.isColoured(colour, environment: environment) }
}

/// Where the service listens.
struct ListenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the query API listens; port 0: any that is free.",
            discussion: "Default: DOSSIER_LISTEN, else 127.0.0.1:8787.", valueName: "host:port"))
    var listen: String?

    func address() throws -> ListenAddress {
        let text = listen ?? environment["DOSSIER_LISTEN"].flatMap { $0.isEmpty ? nil : $0 } ?? "127.0.0.1:8787"
        guard let address = ListenAddress(text) else {
            throw ValidationError(
                "'\(text.escapedForTerminal)' is nowhere to listen; accepted is host:port, such as 127.0.0.1:8787.")
        }
        return address
    }
}

/// A host and a port.
struct ListenAddress: Sendable, Hashable {
    let host: String
    let port: Int

    /// Reads `127.0.0.1:8787`, `localhost:0`, `[::1]:8787`.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }
}

/// How many items are wanted.
struct Limit: Sendable, Hashable, ExpressibleByArgument {
    /// Nil: all.
    let count: Int?

    static let all = Limit(count: nil)

    init(count: Int?) { self.count = count }

    init?(argument: String) {
        if argument == "all" {
            self.init(count: nil)
        } else if let count = Int(argument), count > 0 {
            self.init(count: count)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { count.map(String.init) ?? "all" }
}

/// The log of the process itself, on standard error.
enum Logs {
    /// - Throws: `ValidationError` for a `DOSSIER_LOG_LEVEL` that is none.
    static func start(default level: Logger.Level = .notice) throws -> Logger {
        var level = level
        if let text = environment["DOSSIER_LOG_LEVEL"], !text.isEmpty {
            guard let named = Logger.Level(rawValue: text.lowercased()) else {
                let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("DOSSIER_LOG_LEVEL is '\(text.escapedForTerminal)'; accepted are \(levels).")
            }
            level = named
        }
        var logger = Logger(label: "dossier", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = level
        return logger
    }
}
