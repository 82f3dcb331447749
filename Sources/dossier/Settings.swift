import ArgumentParser
import FoundationEssentials

/// The environment of the process.
let environment = ProcessInfo.processInfo.environment

/// Which database a running command works on.
struct DatabaseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The PostgreSQL to work on, as a libpq URL or connection string.",
            discussion: """
                Default: DOSSIER_DATABASE_URL, or what the file of DOSSIER_DATABASE_URL_FILE says; else database.url of the \
                configuration; else the database of the 'dossier up' that runs on --data.
                """,
            valueName: "url"))
    var database: String?

    @OptionGroup var data: DataOptions

    func configuration() throws -> Configuration { try data.configuration.read() }

    func url() throws -> String { try url(configuration()) }

    /// - Throws: `Failure` where nothing says which.
    func url(_ configuration: Configuration) throws -> String {
        let given = database.flatMap { $0.isEmpty ? nil : $0 }
        if let url = try configuration.text(.databaseURL, given: given) {
            let password = try configuration.text(.databasePassword)
            return password.map { DatabaseURL.adding(password: $0, to: url) } ?? url
        }
        if let running = try data.directory(configuration).running() { return running.databaseURL }
        throw Failure(
            "nothing says which database to work on",
            advice: "Give --database, DOSSIER_DATABASE_URL or database.url, or start a database with 'dossier up'.",
            status: .usage)
    }
}

/// What libpq is told of a database.
enum DatabaseURL {
    /// The same with a password, which counts in place of one that is there.
    ///
    /// Source: PostgreSQL, "Connection Strings": both forms take it as a parameter, and the last one counts.
    static func adding(password: String, to url: String) -> String {
        if url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") {
            return url + (url.contains("?") ? "&" : "?") + "password=" + APIClient.escaped(password)
        }
        let quoted = password.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        let pairs = url.contains("=") ? url : "dbname='\(url)'"
        return pairs + " password='\(quoted)'"
    }
}

/// Where an installation keeps what is its own.
struct DataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where this installation keeps its data.",
            discussion: """
                Default: DOSSIER_DATA; else data of the configuration; else $XDG_DATA_HOME/dossier, ~/.local/share/dossier, or as root /var/lib/dossier.
                """,
            valueName: "directory"),
        completion: .directory)
    var data: String?

    @OptionGroup var configuration: ConfigurationOptions

    func directory(_ configuration: Configuration) throws -> DataDirectory {
        let given = try configuration.text(.data, given: data)
        return DataDirectory(path: try DataDirectory.path(given: given, environment: configuration.environment))
    }
}

/// Where the query API is, and what it lets in by.
struct APIOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the query API answers.",
            discussion: "Default: DOSSIER_URL, else http://127.0.0.1:8787.", valueName: "url"))
    var url: String?

    @Option(
        help: ArgumentHelp(
            "The file that holds the token to ask with.",
            discussion: "Default: DOSSIER_TOKEN, or what the file of DOSSIER_TOKEN_FILE says; else none.",
            valueName: "file"),
        completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "The authority that the API's certificate comes from, in PEM.",
            discussion: "Default: DOSSIER_CACERT; else those that this machine trusts.", valueName: "file"),
        completion: .file())
    var cacert: String?

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
            discussion: "Default: DOSSIER_LISTEN, else serve.listen of the configuration, else 127.0.0.1:8787.",
            valueName: "host:port"))
    var listen: String?

    func address(_ configuration: Configuration) throws -> ListenAddress {
        try configuration.listening(.listen, given: listen)
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
