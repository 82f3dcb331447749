import FoundationEssentials

/// Something that can be set: where it stands in the configuration file, which variable and which option say the same,
/// and what it may be.
struct Setting: Sendable, Hashable {
    /// What a value may be.
    enum Kind: Sendable, Hashable {
        case text
        case file
        case directory
        /// `http://` or `https://`.
        case url
        /// Where to listen.
        case address
        case number(ClosedRange<Int>)
        case choice([String])
        case truth
        /// One or more texts.
        case list
    }

    /// Sections and name, such as `gateway.listen`.
    let key: String
    let variable: String?
    let option: String?
    let kind: Kind
    /// What counts where nothing else is said; nil: nothing, or what the command finds out.
    let fallback: String?
    let isSecret: Bool

    init(
        _ key: String, _ kind: Kind = .text, variable: String? = nil, option: String? = nil, fallback: String? = nil,
        isSecret: Bool = false
    ) {
        self.key = key
        self.kind = kind
        self.variable = variable
        self.option = option
        self.fallback = fallback
        self.isSecret = isSecret
    }

    /// The file that holds a secret, so that it stands neither in the configuration nor in the environment.
    var inFile: Setting {
        Setting(key + "_file", .file, variable: variable.map { $0 + "_FILE" })
    }

    /// What is wrong with a value, and what is accepted; nil where nothing is.
    func fault(in text: String) -> String? {
        let value = isSecret ? "what it holds" : "'\(text)'"
        switch kind {
        case .text, .file, .directory, .list: return text.isEmpty ? "it is empty" : nil
        case .url: return Web.isAddress(text) ? nil : "\(value) is no http:// or https:// URL"
        case .address:
            let accepted = "accepted is host:port, such as \(fallback ?? "127.0.0.1:8790")"
            return ListenAddress(text) == nil ? "\(value) is nowhere to listen; \(accepted)" : nil
        case .number(let range):
            if let number = Int(text), range.contains(number) { return nil }
            let accepted =
                range.upperBound == .max
                ? "of at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            return "\(value) is not accepted; it is a whole number, \(accepted)"
        case .choice(let choices):
            return choices.contains(text) ? nil : "\(value) is not accepted; choose \(choices.joined(separator: ", "))"
        case .truth:
            return ["true", "false"].contains(text) ? nil : "\(value) is not accepted; it is true or false"
        }
    }
}

/// Addresses on the web.
enum Web {
    /// Whether `text` says scheme and host of something that answers over HTTP.
    static func isAddress(_ text: String) -> Bool {
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme) else { return false }
        return url.host?.isEmpty == false
    }
}
