// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let collections: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let lifecycleSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioFoundation: Target.Dependency = .product(name: "NIOFoundationCompat", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "dossier",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "dossier", targets: ["dossier"])
    ],
    dependencies: [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0",
            traits: ["ConfigurationSupport"]),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.30.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.6.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.0"),
    ],
    targets: [
        // PostgreSQL
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(name: "Postgres", dependencies: ["CLibPQ"], swiftSettings: strict),
        .target(name: "EmbeddedPostgres", dependencies: ["Postgres", subprocess, system], swiftSettings: strict),

        // SQL as source
        .executableTarget(name: "sqlgen", swiftSettings: strict),
        .plugin(name: "EmbedSQL", capability: .buildTool(), dependencies: ["sqlgen"], path: "Sources/Plugins/EmbedSQL"),
        .target(
            name: "Queries", dependencies: ["Postgres"], path: "queries", swiftSettings: strict, plugins: ["EmbedSQL"]),
        .target(
            name: "Schema", dependencies: ["Postgres", "Queries", crypto], path: "schema", swiftSettings: strict,
            plugins: ["EmbedSQL"]),

        // The domain and the log
        .target(name: "TransparencyLog", dependencies: [crypto], swiftSettings: strict),
        .target(name: "ShareServers", dependencies: ["Postgres", crypto], swiftSettings: strict),
        .target(
            name: "EventLog",
            dependencies: ["ShareServers", "TransparencyLog", "Queries", "Schema", "Postgres", crypto],
            swiftSettings: strict),
        .target(
            name: "Projections",
            dependencies: ["EventLog", "Queries", "Postgres", "Schema", logging, lifecycle],
            swiftSettings: strict),

        .target(name: "Generator", dependencies: ["Postgres", collections], swiftSettings: strict),

        // In and out
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(
            name: "Ingest",
            dependencies: [
                "CZlib", "EventLog", "ShareServers", "Postgres", collections, crypto, httpClient, httpTypes,
                hummingbird, hummingbirdCore, hummingbirdTLS, lifecycle, lifecycleSignals, logging, nio, nioHTTP1,
                nioHTTPTypes, nioPosix, nioSSL,
            ],
            swiftSettings: strict),
        .target(
            name: "Service",
            dependencies: [
                "EventLog", "Ingest", "Postgres", "Projections", "Queries", "Schema", "ShareServers",
                "TransparencyLog", httpClient, httpTypes, hummingbird, lifecycle, logging, nio, nioHTTP1, nioHTTPTypes,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "dossier",
            dependencies: [
                "EmbeddedPostgres", "EventLog", "Generator", "Ingest", "Postgres", "Projections", "Queries", "Schema",
                "Service", "ShareServers", "TransparencyLog", argumentParser, configuration, httpClient, hummingbird,
                lifecycle, lifecycleSignals, logging, nio, nioFoundation, nioPosix, nioSSL, yams,
            ],
            resources: [.copy("Resources/manila.har")],
            swiftSettings: strict),

        // How fast
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "EmbeddedPostgres", "EventLog", "Generator", "Ingest", "Postgres", "Projections", "Queries", "Schema",
                "Service", "ShareServers", httpClient, hummingbird, lifecycle, logging, nio, nioHTTP1,
                subprocess, system,
            ],
            path: "Benchmarks", swiftSettings: strict),

        // Tests: one target each, on a real PostgreSQL
        .target(
            name: "DatabaseTesting", dependencies: ["EmbeddedPostgres", "Postgres", nio, nioPosix],
            path: "Tests/DatabaseTesting", swiftSettings: strict),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "DatabaseTesting"], swiftSettings: strict),
        .testTarget(
            name: "EmbeddedPostgresTests",
            dependencies: ["EmbeddedPostgres", "Postgres", "DatabaseTesting", subprocess, system],
            swiftSettings: strict),
        .testTarget(
            name: "QueriesTests", dependencies: ["Queries", "Schema", "Postgres", "DatabaseTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "SchemaTests", dependencies: ["Schema", "Postgres", "DatabaseTesting"], swiftSettings: strict),
        .testTarget(name: "TransparencyLogTests", dependencies: ["TransparencyLog", crypto], swiftSettings: strict),
        .testTarget(name: "ShareServersTests", dependencies: ["ShareServers", "Postgres"], swiftSettings: strict),
        .testTarget(
            name: "EventLogTests",
            dependencies: [
                "EventLog", "Queries", "Schema", "Postgres", "ShareServers", "TransparencyLog", "DatabaseTesting",
                "EmbeddedPostgres", crypto, nio, nioPosix, subprocess, system,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ProjectionsTests",
            dependencies: [
                "Projections", "EventLog", "EmbeddedPostgres", "Queries", "Schema", "Postgres", "ShareServers",
                "DatabaseTesting", lifecycle, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "IngestTests",
            dependencies: [
                "CZlib", "Ingest", "EventLog", "Schema", "ShareServers", "Postgres", "DatabaseTesting",
                "EmbeddedPostgres", "Projections", "Queries", crypto, httpClient, httpTypes, hummingbird,
                hummingbirdCore, hummingbirdTesting, lifecycle, logging, nio, nioHTTP1, nioPosix,
            ],
            exclude: ["Traffic"], swiftSettings: strict),
        .testTarget(
            name: "GeneratorTests", dependencies: ["Generator", "ShareServers", "Postgres"], swiftSettings: strict),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "CZlib", "Service", "EventLog", "Generator", "Ingest", "Projections", "Queries", "Schema",
                "ShareServers", "TransparencyLog", "Postgres", "DatabaseTesting", "EmbeddedPostgres", httpClient,
                httpTypes, hummingbird, hummingbirdTesting, lifecycle, logging, nio, nioEmbedded, nioHTTPTypes,
                nioPosix,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "dossierTests",
            dependencies: [
                "dossier", "DatabaseTesting", "EmbeddedPostgres", "Postgres", "Schema", "ShareServers", crypto,
                httpClient, logging, nio, nioHTTP1, nioPosix, nioSSL, subprocess, system,
            ],
            exclude: ["Clients"], swiftSettings: strict),
    ]
)
