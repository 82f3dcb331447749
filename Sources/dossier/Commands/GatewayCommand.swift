import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import Ingest
import Logging
import ShareServers

struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Stand in front of Manila's API, and record every call to share servers.",
        discussion: """
            Everything passes as it is. A call that may change a share server is recorded before it is passed on, and \
            what came of it before its caller gets the answer. While PostgreSQL is away calls are recorded in a spool \
            on disk; when that is full, changing calls are refused with 503. Stops in order at SIGTERM and Ctrl-C.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(
        help: ArgumentHelp(
            "Where Manila's API is.", discussion: "Default: DOSSIER_UPSTREAM.", valueName: "url"))
    var upstream: String?

    @Option(
        help: ArgumentHelp(
            "Where calls are taken; port 0: any that is free.",
            discussion: "Default: DOSSIER_GATEWAY_LISTEN, else 127.0.0.1:8788.", valueName: "host:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "Where /healthz, /readyz and /metrics are.",
            discussion: "Default: DOSSIER_GATEWAY_ADMIN, else 127.0.0.1:8789.", valueName: "host:port"))
    var admin: String?

    @Option(
        help: ArgumentHelp(
            "The source of its events; each gateway has its own. (default: /gateway/<host name>)", valueName: "uri"))
    var source: String?

    enum Callers: String, CaseIterable, ExpressibleByArgument {
        case unverified
        case headers
        case noauth
        case keystone
    }

    @Option(
        help: ArgumentHelp(
            "How callers are made out.",
            discussion: """
                keystone: Keystone says whose a token is, asked with the credentials of a --cloud or of OS_* variables; \
                headers: by those of a keystonemiddleware in front that nobody can get past; noauth: as a Manila without \
                Keystone does; unverified: not at all.
                """))
    var callers = Callers.unverified

    @OptionGroup(title: "Keystone") var clouds: CloudOptions

    enum Reads: String, CaseIterable, ExpressibleByArgument {
        case before
        case after
    }

    @Option(help: "Whether calls that only read are recorded before their answer or after it.")
    var reads = Reads.before

    enum FullReads: String, CaseIterable, ExpressibleByArgument {
        case refuse
        case pass
    }

    @Option(help: "What becomes of calls that only read when nothing more can be recorded.")
    var readsWhenFull = FullReads.refuse

    @Option(
        help: ArgumentHelp(
            "Where calls are recorded while PostgreSQL is away.", discussion: "Default: spool in --data.",
            valueName: "directory"),
        completion: .directory)
    var spool: String?

    @Option(help: ArgumentHelp("The most that the spool takes, in MiB.", valueName: "MiB"))
    var spoolLimit = 1024

    @Option(
        help: ArgumentHelp(
            "What the spool leaves free on its disk, in MiB. (default: a twentieth of the disk, at most 1024)",
            valueName: "MiB"))
    var spoolReserve: Int?

    func validate() throws {
        if spoolLimit < 1 { throw ValidationError("--spool-limit is at least 1.") }
        if let spoolReserve, spoolReserve < 0 { throw ValidationError("--spool-reserve is at least 0.") }
        if source?.isEmpty == true { throw ValidationError("--source is empty.") }
    }

    func run() async throws {
        let logger = try Logs.start(default: .info)
        let proxy = try address(listen, "DOSSIER_GATEWAY_LISTEN", default: "127.0.0.1:8788")
        let operations = try address(admin, "DOSSIER_GATEWAY_ADMIN", default: "127.0.0.1:8789")
        var settings = Gateway.Settings(upstream: try upstreamURL(), source: source ?? Self.defaultSource)
        settings.areReadsDurable = reads == .before
        settings.doReadsPassUnrecorded = readsWhenFull == .pass
        let cloud = callers == .keystone ? try clouds.one() : nil
        let limits = Recorder.Limits(bytes: spoolLimit << 20, reserve: spoolReserve.map { $0 << 20 })
        let recorder = try await Recorder.open(
            url: try database.url(), spool: try spool ?? database.data.directory().path + "/spool", limits: limits,
            logger: logger)
        let http = try cloud?.httpClient()
        let running: Result<Void, any Error>
        do {
            settings.identification = try identification(cloud, http, recorder.redaction)
            try await run(
                Proxying(
                    settings: settings, recorder: recorder, proxy: proxy, operations: operations, logger: logger))
            running = .success(())
        } catch {
            running = .failure(error)
        }
        try? await http?.shutdown()
        try running.get()
    }

    private func run(_ proxying: Proxying) async throws {
        let settings = proxying.settings
        try await proxying.run { proxy, operations in
            try await Output.standard.write(
                "Manila's API, recorded, is at \(proxy)\n  passed on to \(settings.upstream), as source "
                    + "\(settings.source)\n  its state: \(operations)/metrics\n")
        }
    }

    private func identification(
        _ cloud: Cloud?, _ http: HTTPClient?, _ redaction: Redaction
    ) throws -> Identification {
        switch callers {
        case .unverified: return .unverified
        case .headers: return .trustedHeaders
        case .noauth: return .noauth
        case .keystone:
            guard let cloud, let http else { return .unverified }
            return .keystone(try cloud.keystone(http: http, redaction: redaction))
        }
    }

    private func upstreamURL() throws -> String {
        guard let url = upstream ?? environment["DOSSIER_UPSTREAM"], !url.isEmpty else {
            throw ValidationError("Say where Manila's API is, with --upstream or DOSSIER_UPSTREAM.")
        }
        guard let address = URL(string: url), ["http", "https"].contains(address.scheme), address.host?.isEmpty == false
        else { throw ValidationError("'\(url.escapedForTerminal)' is no http:// or https:// URL.") }
        return url
    }

    private func address(_ given: String?, _ name: String, default: String) throws -> ListenAddress {
        let text = given ?? environment[name].flatMap { $0.isEmpty ? nil : $0 } ?? `default`
        guard let address = ListenAddress(text) else {
            throw ValidationError(
                "'\(text.escapedForTerminal)' is nowhere to listen; accepted is host:port, such as \(`default`).")
        }
        return address
    }

    private static var defaultSource: String {
        let name = ProcessInfo.processInfo.hostName.filter {
            $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0))
        }
        return "/gateway/" + (name.isEmpty ? "localhost" : name)
    }
}
