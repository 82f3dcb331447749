import FoundationEssentials
import ShareServers
import Yams

/// Why a text is no YAML. What stands there is never told: it may be a secret.
struct YAMLFault: Error, Sendable, Hashable {
    let line: Int?
    let reason: String
}

/// YAML 1.1, and so JSON.
enum YAML {
    /// - Returns: The one document of the text; nil where it is empty.
    static func read(_ bytes: Data) throws(YAMLFault) -> Node? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw YAMLFault(line: nil, reason: "it is not UTF-8")
        }
        do {
            return try compose(yaml: text)
        } catch {
            throw YAMLFault(error)
        }
    }
}

extension YAMLFault {
    fileprivate init(_ error: any Error) {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            self.init(line: mark.line, reason: "it is no YAML: \(problem)")
        case YamlError.duplicatedKeysInMapping(let names, let context):
            self.init(line: context.mark.line, reason: "\(names.joined(separator: ", ")) is there twice")
        default: self.init(line: nil, reason: "it is no YAML")
        }
    }
}

extension Node {
    /// Whether nothing stands there: `key:`, or `null`.
    var isNothing: Bool { scalar != nil && tag.description == Tag.Name.null.rawValue }

    /// The same as JSON. Numbers and truths are texts: who asks for one knows what it should be.
    var json: JSON {
        switch self {
        case .scalar(let scalar): isNothing ? .null : .string(scalar.string)
        case .sequence(let nodes): .array(nodes.map(\.json))
        case .mapping(let members): .object(members.json)
        case .alias: .null
        }
    }
}

extension Node.Mapping {
    /// What `<<` names is taken in, where the mapping does not say otherwise.
    ///
    /// Source: YAML 1.1, "Merge Key Language-Independent Type"; of several, the first counts.
    fileprivate var json: [String: JSON] {
        var its: [String: JSON] = [:]
        for (key, value) in self {
            if let name = key.scalar?.string, name != "<<" { its[name] = value.json }
        }
        for (key, value) in self where key.scalar?.string == "<<" {
            for base in value.sequence.map({ Array($0) }) ?? [value] {
                its.merge(base.json.object ?? [:]) { known, _ in known }
            }
        }
        return its
    }
}
