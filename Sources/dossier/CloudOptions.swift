import ArgumentParser
import FoundationEssentials
import ShareServers

/// Which clouds are asked. Secrets are never among the options: other users see those.
struct CloudOptions: ParsableArguments {
    enum Auth: String, CaseIterable, ExpressibleByArgument {
        case keystone
        case noauth
    }

    @Option(
        name: .customLong("cloud"),
        help: ArgumentHelp(
            "A cloud of the configuration file or of clouds.yaml; may be given several times.",
            discussion: """
                Default: OS_CLOUD; else the one that OS_AUTH_URL and the other OS_* variables describe; else those of the \
                configuration file.
                """,
            valueName: "name"))
    var clouds: [String] = []

    @Option(
        help: ArgumentHelp(
            "The clouds.yaml or clouds.json that describes them, as openstacksdk reads it.",
            discussion: """
                Default: OS_CLIENT_CONFIG_FILE; else clouds.yaml or clouds.json here, in ~/.config/openstack, or in \
                /etc/openstack. A secure.yaml of these places, or OS_CLIENT_SECURE_FILE, is merged into it.
                """,
            valueName: "file"),
        completion: .file())
    var cloudsFile: String?

    @Option(help: "How Manila lets in: by a token of Keystone, or without any. Default: as the cloud says.")
    var auth: Auth?

    @Option(
        help: ArgumentHelp(
            "Manila's address, in place of that of the catalogue. Default: as the cloud says.",
            discussion:
                "With a gateway in the catalogue: where Manila itself is, so that polls do not pass the gateway.",
            valueName: "url"))
    var endpoint: String?

    /// - Parameter setting: The setting that names those of the configuration file which are meant.
    /// - Throws: `Failure` where nothing describes a cloud, or two would have the same name.
    func read(_ configuration: Configuration, _ setting: Setting) throws -> [Cloud] {
        let found = try find(configuration, setting)
        if endpoint != nil, found.count > 1 { throw ValidationError("--endpoint is for one cloud only.") }
        var seen: Set<String> = []
        for cloud in found where !seen.insert(cloud.name).inserted {
            throw Failure("two clouds are named '\(cloud.name)'", status: .usage)
        }
        return found
    }

    private func find(_ configuration: Configuration, _ setting: Setting) throws -> [Cloud] {
        if !clouds.isEmpty { return try named(clouds, configuration) }
        if let name = configuration.environment["OS_CLOUD"], !name.isEmpty { return try named([name], configuration) }
        let described = overriding(Self.settings(of: configuration.environment))
        let entries = configuration.file?.clouds ?? []
        if Self.isDescribed(Self.settings(of: configuration.environment)) || entries.isEmpty {
            return [try fromEnvironment(described)]
        }
        if let names = try configuration.value(setting)?.texts { return try named(names, configuration) }
        return try entries.flatMap(regions(of:))
    }

    /// The only one.
    ///
    /// - Throws: As `read`, and where there are several.
    func one(_ configuration: Configuration, _ setting: Setting) throws -> Cloud {
        let found = try read(configuration, setting)
        guard found.count == 1 else {
            throw Failure("one cloud is wanted, and \(found.count) are named", status: .usage)
        }
        return found[0]
    }

    /// What the command line says counts more.
    private func overriding(_ settings: [String: String]) -> [String: String] {
        var settings = settings
        if let endpoint { settings["shared_file_system_endpoint_override"] = endpoint }
        switch auth {
        case .noauth: settings["auth_type"] = "none"
        case .keystone where settings["auth_type"] == "none": settings["auth_type"] = nil
        default: break
        }
        return settings
    }

    /// What `OS_*` variables say, under the names that openstacksdk has for it.
    private static func settings(of environment: [String: String]) -> [String: String] {
        var settings: [String: String] = [:]
        for (name, value) in environment where name.hasPrefix("OS_") && !value.isEmpty {
            settings[name.dropFirst(3).lowercased()] = value
        }
        return settings
    }

    private static func isDescribed(_ settings: [String: String]) -> Bool {
        settings["auth_url"] ?? settings["shared_file_system_endpoint_override"] ?? settings["endpoint"] != nil
    }

    private func fromEnvironment(_ settings: [String: String]) throws -> Cloud {
        guard Self.isDescribed(settings) else {
            throw Failure(
                "nothing says which Manila to ask",
                advice: "Describe it in the configuration file, name a --cloud of clouds.yaml, or set OS_AUTH_URL and "
                    + "the like, as for OpenStack's client.",
                status: .usage)
        }
        let region = settings["region_name"] ?? ""
        return try Cloud(name: region.isEmpty ? "default" : region, settings: settings)
    }

    // MARK: clouds.yaml

    /// Those of the configuration file, and what that does not have, of `clouds.yaml`.
    private func named(_ names: [String], _ configuration: Configuration) throws -> [Cloud] {
        let its = cloudsFile == nil ? configuration.file?.clouds ?? [] : []
        guard names.contains(where: { name in !its.contains { $0.name == name } }) else {
            return try names.flatMap { name in try its.filter { $0.name == name }.flatMap(regions(of:)) }
        }
        let given = try configuration.text(.cloudsFile, given: cloudsFile)
        guard let (path, clouds) = try CloudEntry.find(given, environment: configuration.environment) else {
            throw Failure(
                "there is no clouds.yaml that describes \(names.joined(separator: ", "))",
                advice: "Name it with --clouds-file or OS_CLIENT_CONFIG_FILE.", status: .usage)
        }
        let entries = clouds + its
        return try names.flatMap { name in
            guard let entry = entries.last(where: { $0.name == name }) else {
                let known = Set(entries.map(\.name)).sorted().joined(separator: ", ")
                throw Failure("\(path) has no cloud '\(name)'", advice: "It has: \(known).", status: .usage)
            }
            return try regions(of: entry)
        }
    }

    /// One for each of its `regions`, which are named `<cloud>/<region>` then.
    func regions(of cloud: CloudEntry) throws -> [Cloud] {
        let settings = overriding(
            Self.texts(cloud.members).merging(Self.texts(cloud.members["auth"]?.object ?? [:])) { $1 })
        guard case .array(let regions)? = cloud.members["regions"], !regions.isEmpty else {
            return [try Cloud(name: cloud.name, settings: settings)]
        }
        return try regions.map { region in
            let values = region["values"]?.object ?? [:]
            let regionName = region.string ?? region["name"]?.string ?? ""
            let its = settings.merging(Self.texts(values)) { $1 }.merging(["region_name": regionName]) { $1 }
            return try Cloud(name: regions.count == 1 ? cloud.name : "\(cloud.name)/\(regionName)", settings: its)
        }
    }

    private static func texts(_ members: [String: JSON]) -> [String: String] {
        members.compactMapValues { value in
            switch value {
            case .string(let text): text
            case .bool, .number: value.plain
            default: nil
            }
        }
    }
}
