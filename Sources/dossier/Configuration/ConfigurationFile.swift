import FoundationEssentials
import ShareServers
import Yams

/// A configuration file: YAML with a section for each command, and the clouds that are watched.
struct ConfigurationFile: Sendable {
    /// A setting as it stands there.
    struct Entry: Sendable, Hashable {
        /// One, but for lists.
        let texts: [String]
        let line: Int
    }

    /// Something that is wrong with the file.
    struct Fault: Sendable, Hashable {
        let line: Int?
        /// What is wrong, beginning with the key.
        let what: String
        /// What to do.
        let advice: String
    }

    /// Where it is looked for where nothing names another.
    static let usualPlace = "/etc/dossier/dossier.yaml"
    /// Source: chosen; a thousand clouds.
    private static let limit = 4 << 20

    let path: String
    private(set) var entries: [String: Entry] = [:]
    /// The clouds that it describes, in their order, as a `clouds.yaml` does.
    private(set) var clouds: [CloudEntry] = []
    /// All that is wrong, in the order of the lines.
    private(set) var faults: [Fault] = []

    /// The file that counts; nil where there is none.
    static func path(given: String?, environment: [String: String]) -> String? {
        if let path = given ?? environment["DOSSIER_CONFIG"], !path.isEmpty { return path }
        return FileManager.default.fileExists(atPath: usualPlace) ? usualPlace : nil
    }

    /// Reads all of it; what is wrong is in `faults`.
    init(path: String) {
        self.path = path
        guard let bytes = FileManager.default.contents(atPath: path) else {
            let advice = "Name one that is there, and that the user whom Dossier runs as may read."
            faults = [Fault(line: nil, what: "the file cannot be read", advice: advice)]
            return
        }
        guard bytes.count <= Self.limit else {
            let advice = "Name the configuration file of Dossier."
            faults = [Fault(line: nil, what: "the file has more than \(Self.limit) bytes", advice: advice)]
            return
        }
        do throws(YAMLFault) {
            guard let root = try YAML.read(bytes) else { return }
            try read(root, "")
        } catch {
            let advice = "Mend the YAML; values with ':' or '#' in them need quotes."
            faults.append(Fault(line: error.line, what: error.reason, advice: advice))
        }
        faults.sort { ($0.line ?? 0) < ($1.line ?? 0) }
    }

    /// What is told where the file is used in spite of its faults.
    var failure: Failure? {
        guard let first = faults.first else { return nil }
        let others = faults.count - 1
        let rest = others == 0 ? "" : " 'dossier config check \(path)' lists \(others) more."
        return Failure(place(of: first) + first.what, advice: first.advice + rest, status: .usage)
    }

    /// `path:line: `.
    func place(of fault: Fault) -> String { fault.line.map { "\(path):\($0): " } ?? "\(path): " }

    // MARK: Reading

    private static let sections = Set(
        Setting.byKey.keys.compactMap { key in key.lastIndex(of: ".").map { key[..<$0] } })

    private mutating func read(_ node: Node, _ section: String) throws(YAMLFault) {
        guard case .mapping(let members) = node else {
            let what = section.isEmpty ? "the file holds no sections" : "\(section) is no section of settings"
            return note(node, what, "Write names, colons and values, such as 'listen: 127.0.0.1:8787'.")
        }
        for (name, value) in members {
            let key = section.isEmpty ? name.scalar?.string ?? "" : "\(section).\(name.scalar?.string ?? "")"
            if key == "clouds" {
                readClouds(value)
            } else if let setting = Setting.byKey[key] {
                readValue(value, of: setting)
            } else if Self.sections.contains(key[...]) {
                // A section of which nothing is said.
                if value.isNothing { continue }
                try read(value, key)
            } else {
                let known = Array(Setting.byKey.keys) + Self.sections.map { String($0) } + ["clouds"]
                note(name, "\(key) is not known", Self.advice(for: key, known: known))
            }
        }
    }

    private mutating func readValue(_ node: Node, of setting: Setting) {
        let texts: [String]
        switch node {
        case _ where node.isNothing:
            return note(node, "\(setting.key) has no value", "Give it one, or remove the line.")
        case .scalar(let scalar): texts = [scalar.string]
        case .sequence(let nodes) where setting.kind == .list && nodes.allSatisfy { $0.scalar != nil }:
            texts = nodes.compactMap { $0.scalar?.string }
        default:
            let wanted = setting.kind == .list ? "a list of texts" : "one value"
            return note(node, "\(setting.key) is of another kind", "It takes \(wanted).")
        }
        if let fault = texts.compactMap({ setting.fault(in: $0) }).first {
            return note(node, "\(setting.key): \(fault)", "Mend the value, or remove the line.")
        }
        entries[setting.key] = Entry(texts: texts, line: node.mark?.line ?? 0)
    }

    private mutating func readClouds(_ node: Node) {
        guard case .mapping(let members) = node else {
            return note(node, "clouds is no section", "Write a section for each cloud, named as the cloud.")
        }
        for (name, value) in members {
            let cloud = CloudEntry(name: name.scalar?.string ?? "", node: value, line: name.mark?.line ?? 0)
            guard case .mapping(let settings) = value else {
                note(name, "clouds.\(cloud.name) says nothing", "Say where it is, as in a clouds.yaml.")
                continue
            }
            for (line, key) in cloud.unknownKeys(among: settings) {
                let advice = Self.advice(for: key, known: cloud.knownKeys)
                faults.append(Fault(line: line, what: "\(key) is not known", advice: advice))
            }
            if let interval = settings["interval"],
                let fault = Setting.interval.fault(in: interval.scalar?.string ?? "")
            {
                note(interval, "clouds.\(cloud.name).interval: \(fault)", "Mend the value, or remove the line.")
            }
            clouds.append(cloud)
        }
    }

    private mutating func note(_ node: Node, _ what: String, _ advice: String) {
        faults.append(Fault(line: node.mark?.line, what: what, advice: advice))
    }

    private static func advice(for key: String, known: [String]) -> String {
        let nearest = known.map { (key.distance(to: $0), $0) }.min { $0 < $1 }
        guard let nearest, nearest.0 <= 2 else { return "Remove it, or see the page on operations for what there is." }
        return "Is \(nearest.1) meant?"
    }
}

extension String {
    /// How many letters have to be put in, left out or exchanged to make `other` of it.
    ///
    /// Source: V. I. Levenshtein, 1966.
    fileprivate func distance(to other: String) -> Int {
        let other = Array(other.utf8)
        var row = Array(0...other.count)
        for (i, letter) in utf8.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, its) in other.enumerated() {
                (diagonal, row[j + 1]) = (
                    row[j + 1], Swift.min(row[j] + 1, row[j + 1] + 1, diagonal + (letter == its ? 0 : 1))
                )
            }
        }
        return row[other.count]
    }
}
