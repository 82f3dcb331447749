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
            "A cloud of clouds.json; may be given several times.",
            discussion: "Default: OS_CLOUD; else the one that OS_AUTH_URL and the other OS_* variables describe.",
            valueName: "name"))
    var clouds: [String] = []

    @Option(
        help: ArgumentHelp(
            "The clouds.json that describes them, as openstacksdk reads it.",
            discussion: """
                Default: OS_CLIENT_CONFIG_FILE; else clouds.json here, in ~/.config/openstack, or in /etc/openstack.
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

    func validate() throws {
        if endpoint != nil, clouds.count > 1 { throw ValidationError("--endpoint is for one cloud only.") }
    }

    /// - Throws: `Failure` where nothing describes a cloud, or two would have the same name.
    func read() throws -> [Cloud] {
        var names = clouds
        if names.isEmpty, let name = environment["OS_CLOUD"], !name.isEmpty { names = [name] }
        let found = try names.isEmpty ? [fromEnvironment()] : fromFile(names)
        var seen: Set<String> = []
        for cloud in found where !seen.insert(cloud.name).inserted {
            throw Failure("two clouds are named '\(cloud.name)'", status: .usage)
        }
        return found
    }

    /// The only one.
    ///
    /// - Throws: As `read`, and where there are several.
    func one() throws -> Cloud {
        let found = try read()
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

    private func fromEnvironment() throws -> Cloud {
        var settings: [String: String] = [:]
        for (name, value) in environment where name.hasPrefix("OS_") && !value.isEmpty {
            settings[name.dropFirst(3).lowercased()] = value
        }
        settings = overriding(settings)
        guard
            settings["auth_url"] != nil
                || settings["shared_file_system_endpoint_override"] ?? settings["endpoint"] != nil
        else {
            throw Failure(
                "nothing says which Manila to ask",
                advice: "Name a --cloud of clouds.json, or set OS_AUTH_URL and the like, as for OpenStack's client.",
                status: .usage)
        }
        let region = settings["region_name"] ?? ""
        return try Cloud(name: region.isEmpty ? "default" : region, settings: settings)
    }

    // MARK: clouds.json

    private static var places: [String] {
        let home = environment["HOME"].map { [$0 + "/.config/openstack/clouds.json"] } ?? []
        return ["clouds.json"] + home + ["/etc/openstack/clouds.json"]
    }

    private func fromFile(_ names: [String]) throws -> [Cloud] {
        let given = cloudsFile ?? environment["OS_CLIENT_CONFIG_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        guard let path = given ?? Self.places.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw Failure(
                "there is no clouds.json", advice: "Name it with --clouds-file or OS_CLIENT_CONFIG_FILE.",
                status: .usage)
        }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw Failure("\(path) cannot be read", status: .usage)
        }
        let file: JSON
        do throws(JSONFault) {
            file = try JSON(parsing: Array(bytes))
        } catch {
            throw Failure(
                "\(path) is not JSON at byte \(error.offset): \(error.reason)",
                advice: "A clouds.yaml can be had as JSON: openstacksdk reads either.", status: .usage)
        }
        return try names.flatMap { name in
            guard let cloud = file["clouds"]?[name]?.object else {
                let known = (file["clouds"]?.object?.keys.sorted() ?? []).joined(separator: ", ")
                throw Failure("\(path) has no cloud '\(name)'", advice: "It has: \(known).", status: .usage)
            }
            return try regions(of: cloud, name)
        }
    }

    /// One for each of its `regions`, which are named `<cloud>/<region>` then.
    private func regions(of cloud: [String: JSON], _ name: String) throws -> [Cloud] {
        let settings = overriding(Self.texts(cloud).merging(Self.texts(cloud["auth"]?.object ?? [:])) { $1 })
        guard case .array(let regions)? = cloud["regions"], !regions.isEmpty else {
            return [try Cloud(name: name, settings: settings)]
        }
        return try regions.map { region in
            let values = region["values"]?.object ?? [:]
            let regionName = region.string ?? region["name"]?.string ?? ""
            let its = settings.merging(Self.texts(values)) { $1 }.merging(["region_name": regionName]) { $1 }
            return try Cloud(name: regions.count == 1 ? name : "\(name)/\(regionName)", settings: its)
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
