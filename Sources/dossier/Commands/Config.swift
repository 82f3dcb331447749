import ArgumentParser
import ShareServers

struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether the configuration is good, and what is set by whom.",
        discussion: """
            An option counts before the environment, that before the configuration file, and that before what is usual. \
            Nothing is started, and nobody is asked.
            """,
        subcommands: [Check.self, Show.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all that is wrong with the configuration; exit 64 where anything is.",
            discussion: """
                Looks at the file, the variables, the files and directories that they name, certificates, and the \
                credentials of the clouds. Warnings alone exit with 0.
                """)

        @Argument(
            help: ArgumentHelp("The configuration file; else the one that counts.", valueName: "file"),
            completion: .file())
        var file: String?

        @OptionGroup var options: ConfigurationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let path = ConfigurationFile.path(given: file ?? options.config, environment: environment)
            let checked = Configuration(file: path.map(ConfigurationFile.init), environment: environment)
            let findings = await checked.check()
            let isGood = !findings.contains { $0.severity == .error }
            let page: JSON = [
                "file": path.map { .string($0) } ?? .null, "good": .bool(isGood),
                "findings": .array(findings.map(\.json)),
            ]
            try await Output.standard.write(text(of: page, findings, isGood, path))
            if !isGood { throw ExitCode(.usage) }
        }

        private func text(
            of page: JSON, _ findings: [Configuration.Finding], _ isGood: Bool, _ path: String?
        ) -> String {
            guard output.output == .table else {
                var writer = ListingWriter(.findings, format: output.output, width: nil, coloured: false)
                return writer.text(of: page, page.elements("findings"), isLast: true)
            }
            let lines = findings.map { finding in
                "\(finding.severity.rawValue): \(finding.what.escapedForTerminal)\n"
                    + (finding.advice.map { "    \($0.escapedForTerminal)\n" } ?? "")
            }
            let what = path.map { "'\($0.escapedForTerminal)'" } ?? "What the environment says"
            return lines.joined() + (isGood ? "\(what) is good.\n" : "")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what is set, and by whom; secrets are not shown.")

        @OptionGroup var options: ConfigurationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let shown = try options.read()
            let items = try shown.shown()
            let page: JSON = [
                "file": shown.file.map { .string($0.path) } ?? .null, "settings": .array(items),
            ]
            var writer = ListingWriter(
                .settings, format: output.output, width: Terminal.standardOutput.width, coloured: output.isColoured)
            try await Output.standard.write(writer.text(of: page, items, isLast: true))
        }
    }
}

extension Configuration {
    /// Every setting and every cloud, as it is in force, without secrets.
    func shown() throws -> [JSON] {
        let settings = try Setting.all.map { setting -> JSON in
            var value = try value(setting)
            if setting == .data, value == nil {
                let path = try DataDirectory.path(given: nil, environment: environment)
                value = Value(texts: [path], origin: .fallback)
            }
            return Self.item(
                setting.key, setting.isSecret ? value.map { _ in "(secret)" } : value?.texts.joined(separator: ", "),
                value.map { "\($0.origin)" })
        }
        let clouds = (file?.clouds ?? []).flatMap { cloud in
            cloud.shown.map {
                Self.item("clouds.\(cloud.name).\($0.key)", $0.value, "\(file?.path ?? ""):\(cloud.line)")
            }
        }
        return settings + clouds
    }

    private static func item(_ key: String, _ value: String?, _ origin: String?) -> JSON {
        [
            "key": .string(key), "value": value.map { .string($0) } ?? .null,
            "from": origin.map { .string($0) } ?? .null,
        ]
    }
}

extension Listing {
    static let settings = Listing(
        items: "settings",
        columns: [
            Column("SETTING", least: 8) { Table.Cell($0.text("key"), .bold) },
            Column("VALUE", least: 8) { Table.Cell($0.text("value") ?? "-") },
            Column("FROM", least: 8) { Table.Cell($0.text("from") ?? "not set", .faint) },
        ],
        fields: [.member("key"), .member("value"), .member("from")], none: "")

    static let findings = Listing(
        items: "findings", columns: [], fields: [.member("severity"), .member("what"), .member("advice")], none: "")
}
