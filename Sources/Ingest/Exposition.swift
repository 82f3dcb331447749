/// Figures as Prometheus reads them.
///
/// Source: Prometheus, "Exposition formats", text format 0.0.4.
public struct Exposition: Sendable {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What a figure is.
    public enum Kind: String, Sendable {
        /// Only grows while the process runs.
        case counter
        /// Goes up and down.
        case gauge
    }

    /// One figure of a family: the labels that tell it from the others, and its value.
    public struct Sample: Sendable {
        let labels: [(name: String, value: String)]
        let value: Double

        public init(_ value: Double, _ labels: [(name: String, value: String)] = []) {
            self.value = value
            self.labels = labels
        }

        public init(_ value: some BinaryInteger, _ labels: [(name: String, value: String)] = []) {
            self.init(Double(value), labels)
        }
    }

    public private(set) var text = ""

    public init() {}

    /// Adds a family of figures; one without samples is left out.
    ///
    /// - Parameters:
    ///   - name: Whole, with its unit: `dossier_log_entries_total`.
    ///   - help: One line.
    public mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples {
            text += name
            if !sample.labels.isEmpty {
                let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
                text += "{" + labels.joined(separator: ",") + "}"
            }
            text += " " + Self.written(sample.value) + "\n"
        }
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func written(_ value: Double) -> String { Int64(exactly: value).map(String.init) ?? "\(value)" }
}
