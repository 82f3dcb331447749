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

    @OptionGroup var logs: LogOptions
    @OptionGroup(title: "TLS") var listener: ListenerOptions

    @Option(
        help: ArgumentHelp(
            "Where Manila's API is.", discussion: "Default: DOSSIER_UPSTREAM, else gateway.upstream.",
            valueName: "url"))
    var upstream: String?

    @Option(
        help: ArgumentHelp(
            "Where calls are taken; port 0: any that is free.",
            discussion: "Default: DOSSIER_GATEWAY_LISTEN, else gateway.listen, else 127.0.0.1:8788.",
            valueName: "host:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "Where /healthz, /readyz and /metrics are.",
            discussion: "Default: DOSSIER_GATEWAY_ADMIN, else gateway.admin, else 127.0.0.1:8789.",
            valueName: "host:port"))
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
                Keystone does; unverified: not at all. (default: unverified)
                """))
    var callers: Callers?

    @OptionGroup(title: "Keystone") var clouds: CloudOptions

    enum Reads: String, CaseIterable, ExpressibleByArgument {
        case before
        case after
    }

    @Option(help: "Whether calls that only read are recorded before their answer or after it. (default: before)")
    var reads: Reads?

    enum FullReads: String, CaseIterable, ExpressibleByArgument {
        case refuse
        case pass
    }

    @Option(help: "What becomes of calls that only read when nothing more can be recorded. (default: refuse)")
    var readsWhenFull: FullReads?

    @Option(
        help: ArgumentHelp(
            "Where calls are recorded while PostgreSQL is away.", discussion: "Default: spool in --data.",
            valueName: "directory"),
        completion: .directory)
    var spool: String?

    @Option(help: ArgumentHelp("The most that the spool takes, in MiB. (default: 1024)", valueName: "MiB"))
    var spoolLimit: Int?

    @Option(
        help: ArgumentHelp(
            "What the spool leaves free on its disk, in MiB. (default: a twentieth of the disk, at most 1024)",
            valueName: "MiB"))
    var spoolReserve: Int?

    @Option(
        help: ArgumentHelp(
            "Calls to share servers that may be under way at once; more are answered with 503. (default: 512)",
            valueName: "number"))
    var calls: Int?

    func run() async throws {
        let configuration = try database.configuration()
        let logger = try logs.start(configuration, default: .info)
        let proxy = try configuration.listening(.gatewayListen, given: listen)
        let operations = try configuration.listening(.gatewayAdmin, given: admin)
        let certificate = try listener.certificate(configuration, Setting.proxying, [proxy, operations], logger)
        var settings = try settings(configuration)
        let callers: Callers = try configuration.choice(.callers, given: callers) ?? .unverified
        let cloud = callers == .keystone ? try clouds.one(configuration, .gatewayCloud) : nil
        let recorder = try await recorder(configuration, logger)
        let http = try cloud?.httpClient()
        let running: Result<Void, any Error>
        do {
            settings.identification = try identification(callers, cloud, http, recorder.redaction)
            try await run(
                Proxying(
                    settings: settings, recorder: recorder, proxy: proxy, operations: operations,
                    certificate: certificate, logger: logger))
            running = .success(())
        } catch {
            running = .failure(error)
        }
        try? await http?.shutdown()
        try running.get()
    }

    private func settings(_ configuration: Configuration) throws -> Gateway.Settings {
        guard let upstream = try configuration.text(.upstream, given: upstream) else {
            throw Failure(
                "nothing says where Manila's API is", advice: "Give --upstream, DOSSIER_UPSTREAM or gateway.upstream.",
                status: .usage)
        }
        let source = try configuration.text(.gatewaySource, given: source) ?? Self.defaultSource
        var settings = Gateway.Settings(upstream: upstream, source: source)
        settings.areReadsDurable = try configuration.choice(.reads, given: reads) != Reads.after
        settings.doReadsPassUnrecorded =
            try configuration.choice(.readsWhenFull, given: readsWhenFull) == FullReads.pass
        if let calls = try configuration.number(.gatewayCalls, given: calls) { settings.calls = calls }
        settings.access = try Logs.access(configuration)
        return settings
    }

    private func recorder(_ configuration: Configuration, _ logger: Logger) async throws -> Recorder {
        var limits = Recorder.Limits()
        if let limit = try configuration.number(.spoolLimit, given: spoolLimit) { limits.bytes = limit << 20 }
        limits.reserve = try configuration.number(.spoolReserve, given: spoolReserve).map { $0 << 20 }
        let directory = try database.data.directory(configuration).path
        let spool = try configuration.text(.spool, given: spool) ?? directory + "/spool"
        return try await Recorder.open(
            url: try database.url(configuration), spool: spool, limits: limits, logger: logger)
    }

    private func run(_ proxying: Proxying) async throws {
        let settings = proxying.settings
        try await proxying.run { proxy, operations in
            try await Output.standard.write(
                "Manila's API, recorded, is at \(proxy)\n  passed on to \(settings.upstream), as source "
                    + "\(settings.source)\n  its state: \(operations)/metrics\n")
            await Systemd.notifyReady(environment)
        }
    }

    private func identification(
        _ callers: Callers, _ cloud: Cloud?, _ http: HTTPClient?, _ redaction: Redaction
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

    private static var defaultSource: String {
        let name = ProcessInfo.processInfo.hostName.filter {
            $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0))
        }
        return "/gateway/" + (name.isEmpty ? "localhost" : name)
    }
}
