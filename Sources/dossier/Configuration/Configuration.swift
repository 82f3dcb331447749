import ArgumentParser
import Configuration
import FoundationEssentials
import Ingest
import ShareServers
import Synchronization

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
    /// Whom `Layer` numbers, but for the options.
    private let providers: [any ConfigProvider]

    init(file: ConfigurationFile?, environment: [String: String]) {
        self.file = file
        self.environment = environment
        // A variable that is set to nothing is not set.
        let said = environment.filter { !$0.value.trimmingBlanks.isEmpty }
        let variables = EnvironmentVariablesProvider(environmentVariables: said, arraySeparator: " ")
        providers = [
            variables.mapKeys { Setting.variables[$0] ?? [] },
            InMemoryProvider(name: file?.path, values: file?.values ?? [:]),
        ]
    }

    /// Who may say what is set, in the order in which they count.
    private enum Layer: Int {
        case option
        case environment
        case file
    }

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
        let said = lookUp(setting, given)
        guard setting.isSecret, let file = lookUp(setting.inFile), let path = file.value.texts.first else {
            return said?.value
        }
        if let said, said.layer.rawValue < file.layer.rawValue { return said.value }
        if let said, said.layer == file.layer {
            throw Failure(
                "\(said.value.origin) and \(file.value.origin) both set \(setting.key)", advice: "Keep one of them.",
                status: .usage)
        }
        let origin = file.value.origin
        return Value(texts: [try SecretFile.read(path, for: "\(origin)")], origin: origin)
    }

    /// The file that holds a secret, where one is named.
    func secretFile(of setting: Setting) -> String? {
        setting.isSecret ? lookUp(setting.inFile)?.value.texts.first : nil
    }

    /// What the first says who says anything.
    private func lookUp(_ setting: Setting, _ given: [String] = []) -> (value: Value, layer: Layer)? {
        let key = ConfigKey(setting.configKey.components)
        let options = given.isEmpty ? [:] : [setting.configKey: setting.configValue(given)]
        let answered = Answered()
        let reader = ConfigReader(providers: [InMemoryProvider(values: options)] + providers, accessReporter: answered)
        let texts =
            setting.kind == .list
            ? reader.stringArray(forKey: key, isSecret: setting.isSecret)
            : reader.string(forKey: key, isSecret: setting.isSecret).map { [$0] }
        guard let texts, let layer = answered.provider.flatMap(Layer.init) else { return nil }
        return (Value(texts: texts, origin: origin(of: setting, layer)), layer)
    }

    private func origin(of setting: Setting, _ layer: Layer) -> Origin {
        switch layer {
        case .option: .option(setting.option ?? setting.key)
        case .environment: .variable(setting.variable ?? setting.key)
        case .file: .file(file?.path ?? "", line: file?.entries[setting.key]?.line ?? 0)
        }
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

/// Notes which of a reader's providers answered.
private final class Answered: AccessReporter {
    private let number = Mutex<Int?>(nil)

    /// Its place among the providers; nil where none had the key.
    var provider: Int? { number.withLock { $0 } }

    func report(_ event: AccessEvent) {
        let found = event.providerResults.firstIndex { (try? $0.result.get())?.value != nil }
        number.withLock { $0 = found }
    }
}

extension Setting {
    /// The variables of the settings that have one, as a provider of the environment finds them.
    fileprivate static let variables: [AbsoluteConfigKey: AbsoluteConfigKey] = Dictionary(
        uniqueKeysWithValues: byKey.values.compactMap { setting in
            setting.variable.map { name in
                (setting.configKey, AbsoluteConfigKey(name.lowercased().split(separator: "_").map(String.init)))
            }
        })

    fileprivate var configKey: AbsoluteConfigKey { AbsoluteConfigKey(key.split(separator: ".").map(String.init)) }

    fileprivate func configValue(_ texts: [String]) -> ConfigValue {
        let content: ConfigContent = kind == .list ? .stringArray(texts) : .string(texts.first ?? "")
        return ConfigValue(content, isSecret: isSecret)
    }
}

extension ConfigurationFile {
    /// What it sets, by the keys of a reader.
    fileprivate var values: [AbsoluteConfigKey: ConfigValue] {
        Dictionary(
            uniqueKeysWithValues: entries.compactMap { key, entry in
                Setting.byKey[key].map { ($0.configKey, $0.configValue(entry.texts)) }
            })
    }
}
