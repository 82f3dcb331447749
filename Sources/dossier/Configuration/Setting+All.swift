import Logging
import Service

extension Setting {
    static let data = Setting("data", .directory, variable: "DOSSIER_DATA", option: "--data")

    // The log of the process
    static let logLevel = Setting(
        "log.level", .choice(Logger.Level.allCases.map(\.rawValue)), variable: "DOSSIER_LOG_LEVEL")
    static let logFormat = Setting(
        "log.format", .choice(Logs.Format.allCases.map(\.rawValue)), variable: "DOSSIER_LOG_FORMAT",
        option: "--log-format", fallback: Logs.Format.text.rawValue)
    static let logAccess = Setting(
        "log.access", .choice(["off", "debug", "info"]), variable: "DOSSIER_LOG_ACCESS", fallback: "debug")

    static let databaseURL = Setting(
        "database.url", variable: "DOSSIER_DATABASE_URL", option: "--database", isSecret: true)
    static let databasePassword = Setting(
        "database.password", variable: "DOSSIER_DATABASE_PASSWORD", isSecret: true)

    // serve, up
    static let listen = Setting(
        "serve.listen", .address, variable: "DOSSIER_LISTEN", option: "--listen", fallback: "127.0.0.1:8787")
    static let serving = Listener(section: "serve", prefix: "DOSSIER")

    // serve, up: who may ask, and how much
    static let apiRate = Setting("api.rate", .number(1...1_000_000), variable: "DOSSIER_API_RATE", fallback: "1000")
    static let apiConcurrency = Setting(
        "api.concurrency", .number(1...10_000), variable: "DOSSIER_API_CONCURRENCY", fallback: "64")
    static let recordReads = Setting(
        "api.record_reads", .choice(["off"] + ReadRecording.Failing.allCases.map(\.rawValue)),
        variable: "DOSSIER_API_RECORD_READS", fallback: "off")
    static let keystoneCloud = Setting("api.keystone.cloud", .list)
    static let keystoneReadAll = Setting("api.keystone.read_all_roles", .list)
    static let keystoneRoles: [(role: AccessRole, setting: Setting)] = AccessRole.allCases.map { role in
        (role, Setting("api.keystone.\(role.rawValue)_roles", .list))
    }

    // serve, up, checkpoint
    static let signingKeys = Setting("signing.keys", .list, variable: "DOSSIER_SIGNING_KEY", option: "--signing-key")
    static let origin = Setting("signing.origin", variable: "DOSSIER_ORIGIN", option: "--origin")
    static let checkpointFile = Setting(
        "signing.checkpoint_file", variable: "DOSSIER_CHECKPOINT_FILE", option: "--checkpoint-file")
    static let checkpointInterval = Setting(
        "signing.checkpoint_interval", .number(1...86_400), variable: "DOSSIER_CHECKPOINT_INTERVAL",
        option: "--checkpoint-interval", fallback: "60")
    static let witnesses = Setting("signing.witnesses", .list, variable: "DOSSIER_WITNESS", option: "--witness")

    // gateway
    static let gatewayListen = Setting(
        "gateway.listen", .address, variable: "DOSSIER_GATEWAY_LISTEN", option: "--listen", fallback: "127.0.0.1:8788")
    static let gatewayAdmin = Setting(
        "gateway.admin", .address, variable: "DOSSIER_GATEWAY_ADMIN", option: "--admin", fallback: "127.0.0.1:8789")
    static let upstream = Setting("gateway.upstream", .url, variable: "DOSSIER_UPSTREAM", option: "--upstream")
    static let gatewaySource = Setting("gateway.source", variable: "DOSSIER_GATEWAY_SOURCE", option: "--source")
    static let callers = Setting(
        "gateway.callers", .choice(GatewayCommand.Callers.allCases.map(\.rawValue)),
        variable: "DOSSIER_GATEWAY_CALLERS",
        option: "--callers", fallback: GatewayCommand.Callers.unverified.rawValue)
    static let gatewayCloud = Setting("gateway.cloud", option: "--cloud")
    static let reads = Setting(
        "gateway.reads", .choice(GatewayCommand.Reads.allCases.map(\.rawValue)), variable: "DOSSIER_GATEWAY_READS",
        option: "--reads", fallback: GatewayCommand.Reads.before.rawValue)
    static let readsWhenFull = Setting(
        "gateway.reads_when_full", .choice(GatewayCommand.FullReads.allCases.map(\.rawValue)),
        variable: "DOSSIER_GATEWAY_READS_WHEN_FULL", option: "--reads-when-full",
        fallback: GatewayCommand.FullReads.refuse.rawValue)
    static let spool = Setting("gateway.spool", .directory, variable: "DOSSIER_SPOOL", option: "--spool")
    /// MiB; a tebibyte at most, so that a unit taken for bytes is noticed.
    static let spoolLimit = Setting(
        "gateway.spool_limit", .number(1...1_048_576), variable: "DOSSIER_SPOOL_LIMIT", option: "--spool-limit",
        fallback: "1024")
    static let spoolReserve = Setting(
        "gateway.spool_reserve", .number(0...1_048_576), variable: "DOSSIER_SPOOL_RESERVE", option: "--spool-reserve")
    static let gatewayCalls = Setting(
        "gateway.calls", .number(1...100_000), variable: "DOSSIER_GATEWAY_CALLS", option: "--calls", fallback: "512")
    static let proxying = Listener(section: "gateway", prefix: "DOSSIER_GATEWAY")

    // poll
    static let interval = Setting(
        "poll.interval", .number(1...3600), variable: "DOSSIER_POLL_INTERVAL", option: "--interval", fallback: "10")
    static let pollAdmin = Setting("poll.admin", .address, variable: "DOSSIER_POLL_ADMIN", option: "--admin")
    static let pollClouds = Setting("poll.clouds", .list, option: "--cloud")
    static let polling = Listener(section: "poll", prefix: "DOSSIER_POLL")
    static let cloudsFile = Setting(
        "clouds_file", .file, variable: "OS_CLIENT_CONFIG_FILE", option: "--clouds-file")

    // import, migrate, reconcile
    static let importFormat = Setting(
        "import.format", .choice(Import.ImportFormat.allCases.map(\.rawValue)), option: "--format",
        fallback: Import.ImportFormat.auto.rawValue)
    static let importSource = Setting("import.source", option: "--source")
    static let lanes = Setting("migrate.lanes", .number(1...1024), option: "--lanes", fallback: "1")
    static let reconcileClouds = Setting("reconcile.clouds", .list, option: "--cloud")
    static let reconcileSources = Setting("reconcile.sources", .list, option: "--source")

    /// Every setting, in the order in which they are shown. A secret may stand in a file too: `inFile`.
    static let all: [Setting] =
        [data, logLevel, logFormat, logAccess, databaseURL, databasePassword, listen] + serving.all
        + [apiRate, apiConcurrency, recordReads, keystoneCloud] + keystoneRoles.map(\.setting)
        + [
            keystoneReadAll, signingKeys, origin, checkpointFile, checkpointInterval, witnesses, gatewayListen,
            gatewayAdmin, upstream,
            gatewaySource, callers, gatewayCloud, reads, readsWhenFull, spool,
            spoolLimit, spoolReserve, gatewayCalls,
        ] + proxying.all + [interval, pollAdmin, pollClouds] + polling.all
        + [cloudsFile, importFormat, importSource, lanes, reconcileClouds, reconcileSources]

    /// By their keys, files of secrets included.
    static let byKey: [String: Setting] = Dictionary(
        uniqueKeysWithValues: all.flatMap { $0.isSecret ? [$0, $0.inFile] : [$0] }.map { ($0.key, $0) })

    /// How what listens is protected.
    struct Listener: Sendable {
        let certificate: Setting
        let key: Setting
        let insecure: Setting

        init(section: String, prefix: String) {
            certificate = Setting(
                section + ".tls_certificate", .file, variable: prefix + "_TLS_CERTIFICATE", option: "--tls-certificate")
            key = Setting(section + ".tls_key", .file, variable: prefix + "_TLS_KEY", option: "--tls-key")
            insecure = Setting(
                section + ".insecure", .truth, variable: prefix + "_INSECURE", option: "--insecure", fallback: "false")
        }

        var all: [Setting] { [certificate, key, insecure] }
    }
}
