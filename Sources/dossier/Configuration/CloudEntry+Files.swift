import FoundationEssentials
import ShareServers
import Yams

extension CloudEntry {
    /// The clouds of the files that openstacksdk would read: a `clouds.yaml` or `clouds.json`, and what a `secure.yaml`
    /// adds to it.
    ///
    /// Source: openstacksdk, "Configuring OpenStack SDK Applications", "Config Files", "Splitting Secrets".
    ///
    /// - Parameter given: Nil: the first of the usual places.
    /// - Returns: Their order is that of their names. Nil where there is no such file.
    /// - Throws: `Failure` naming what cannot be read.
    static func find(
        _ given: String?, environment: [String: String]
    ) throws(Failure) -> (path: String, clouds: [CloudEntry])? {
        func usual(_ name: String) -> String? {
            let home = environment["HOME"].map { ["\($0)/.config/openstack"] } ?? []
            return (["."] + home + ["/etc/openstack"]).flatMap { folder in
                ["yaml", "yml", "json"].map { "\(folder)/\(name).\($0)" }
            }.first { FileManager.default.fileExists(atPath: $0) }
        }
        guard let path = given ?? usual("clouds") else { return nil }
        var clouds = try read(path)
        let secure = environment["OS_CLIENT_SECURE_FILE"].flatMap { $0.isEmpty ? nil : $0 } ?? usual("secure")
        if let secure { clouds = merged(.object(clouds), .object(try read(secure))).object ?? [:] }
        return (
            path,
            clouds.sorted { $0.key < $1.key }.map { name, members in
                CloudEntry(name: name, members: members.object ?? [:])
            }
        )
    }

    private static func read(_ path: String) throws(Failure) -> [String: JSON] {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw Failure("\(path) cannot be read", status: .usage)
        }
        do throws(YAMLFault) {
            guard let clouds = try YAML.read(bytes)?["clouds"]?.json.object else {
                throw YAMLFault(line: nil, reason: "it has no 'clouds'")
            }
            return clouds
        } catch {
            let place = error.line.map { ":\($0)" } ?? ""
            throw Failure("\(path)\(place): \(error.reason)", advice: "Mend the file.", status: .usage)
        }
    }

    /// The members of both, down to the last; the second's where both have one.
    private static func merged(_ first: JSON, _ second: JSON) -> JSON {
        guard let one = first.object, let other = second.object else { return second }
        return .object(one.merging(other) { merged($0, $1) })
    }
}
