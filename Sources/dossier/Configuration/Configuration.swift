import ArgumentParser
import FoundationEssentials

/// Which configuration file counts.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file.",
            discussion: "Default: DOSSIER_CONFIG; else \(ConfigurationFile.usualPlace) where there is one.",
            valueName: "file"),
        completion: .file())
    var config: String?

    /// - Throws: `Failure` where the file cannot be read, or says what cannot be.
    func read() throws(Failure) -> Configuration {
        let file = ConfigurationFile.path(given: config, environment: environment).map(ConfigurationFile.init)
        if let failure = file?.failure { throw failure }
        return Configuration(file: file, environment: environment)
    }
}

/// What is set: by an option, else by the environment, else by the configuration file, else by default.
struct Configuration: Sendable {
    let file: ConfigurationFile?
    let environment: [String: String]

    /// Who said what is set.
    enum Origin: Sendable, Hashable, CustomStringConvertible {
        case option(String)
        case variable(String)
        case file(String, line: Int)
        case fallback

        var description: String {
            switch self {
            case .option(let name): name
            case .variable(let name): name
            case .file(let path, let line): "\(path):\(line)"
            case .fallback: "default"
            }
        }
    }

    struct Value: Sendable, Hashable {
        /// One, but for lists.
        let texts: [String]
        let origin: Origin
    }

    /// - Parameter given: What the option says; empty where it is not given.
    /// - Throws: `Failure` naming who said what cannot be.
    func value(_ setting: Setting, given: [String] = []) throws(Failure) -> Value? {
        guard let said = try said(setting, given) else {
            return setting.fallback.map { Value(texts: [$0], origin: .fallback) }
        }
        for text in said.texts {
            guard let fault = setting.fault(in: text) else { continue }
            throw Failure("\(said.origin): \(fault)", advice: "\(setting.key) is set there.", status: .usage)
        }
        return said
    }

    private func said(_ setting: Setting, _ given: [String]) throws(Failure) -> Value? {
        if !given.isEmpty { return Value(texts: given, origin: .option(setting.option ?? setting.key)) }
        if let value = try secret(setting, variable(setting), variable(setting.inFile)) { return value }
        return try secret(setting, entry(setting), entry(setting.inFile))
    }

    /// What is said here, or stands in the file that is named here in its place.
    private func secret(_ setting: Setting, _ value: Value?, _ file: Value?) throws(Failure) -> Value? {
        guard setting.isSecret, let file, let path = file.texts.first else { return value }
        if let value {
            throw Failure(
                "\(value.origin) and \(file.origin) both set \(setting.key)", advice: "Keep one of them.",
                status: .usage)
        }
        return Value(texts: [try SecretFile.read(path, for: "\(file.origin)")], origin: file.origin)
    }

    /// The file that holds a secret, where one is named.
    func secretFile(of setting: Setting) -> String? {
        guard setting.isSecret else { return nil }
        return (variable(setting.inFile) ?? entry(setting.inFile))?.texts.first
    }

    private func variable(_ setting: Setting) -> Value? {
        guard let name = setting.variable, let text = environment[name], !text.isEmpty else { return nil }
        let texts = setting.kind == .list ? text.split(separator: " ").map(String.init) : [text]
        return texts.isEmpty ? nil : Value(texts: texts, origin: .variable(name))
    }

    private func entry(_ setting: Setting) -> Value? {
        guard let file, let entry = file.entries[setting.key] else { return nil }
        return Value(texts: entry.texts, origin: .file(file.path, line: entry.line))
    }

    // MARK: As what it is

    func text(_ setting: Setting, given: String? = nil) throws(Failure) -> String? {
        try value(setting, given: given.map { [$0] } ?? [])?.texts.first
    }

    func number(_ setting: Setting, given: Int? = nil) throws(Failure) -> Int? {
        try text(setting, given: given.map(String.init)).flatMap { Int($0) }
    }

    /// Whether it is said to be so; an option that is not given says nothing.
    func isSet(_ setting: Setting, given: Bool = false) throws(Failure) -> Bool {
        try text(setting, given: given ? "true" : nil) == "true"
    }

    func choice<Choice: RawRepresentable<String>>(
        _ setting: Setting, given: Choice? = nil
    ) throws(Failure) -> Choice? {
        try text(setting, given: given?.rawValue).flatMap { Choice(rawValue: $0) }
    }

    func address(_ setting: Setting, given: String? = nil) throws(Failure) -> ListenAddress? {
        try text(setting, given: given).flatMap { ListenAddress($0) }
    }

    /// An address that there is by default.
    func listening(_ setting: Setting, given: String?) throws(Failure) -> ListenAddress {
        guard let address = try address(setting, given: given) else {
            throw Failure("nothing says where to listen", advice: "Set \(setting.key).", status: .usage)
        }
        return address
    }
}
