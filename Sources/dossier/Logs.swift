import ArgumentParser
import Logging
import Postgres
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How the process logs.
struct LogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How the log on standard error is written: text, or json with one object a line.",
            discussion: "Default: DOSSIER_LOG_FORMAT, else log.format of the configuration, else text."))
    var logFormat: Logs.Format?

    func start(_ configuration: Configuration, default level: Logger.Level = .notice) throws -> Logger {
        try Logs.start(configuration, format: logFormat, default: level)
    }
}

/// The log of the process itself, on standard error.
enum Logs {
    enum Format: String, Sendable, CaseIterable, ExpressibleByArgument {
        case text
        case json
    }

    /// - Throws: `Failure` for a level or a format that is none.
    static func start(
        _ configuration: Configuration, format: Format? = nil, default level: Logger.Level = .notice
    ) throws -> Logger {
        let level = try configuration.choice(.logLevel) ?? level
        let format: Format = try configuration.choice(.logFormat, given: format) ?? .text
        var logger = Logger(label: "dossier", factory: { _ in Lines(format: format) })
        logger.logLevel = level
        return logger
    }

    /// How a request that was answered is logged; nil: not at all, as `off` is no level.
    static func access(_ configuration: Configuration) throws -> Logger.Level? {
        try configuration.choice(.logAccess)
    }

    /// Writes one line for each message, whole, to standard error.
    struct Lines: LogHandler {
        let format: Format
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        /// Where lines go.
        var write: @Sendable (String) -> Void = Self.writeToStandardError

        init(format: Format) { self.format = format }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            var values = metadata
            if let provided = metadataProvider?.get() { values.merge(provided) { $1 } }
            if let its = event.metadata { values.merge(its) { $1 } }
            if let error = event.error { values["error"] = "\(error)" }
            let told = Self.flat(values, within: "").sorted { $0.name < $1.name }
            let time = Timestamp.now.description
            switch format {
            case .text:
                let pairs = told.map { " \($0.name)=\($0.value)" }.joined()
                write("\(time) \(event.level.rawValue): \("\(event.message)\(pairs)".escapedForTerminal)\n")
            case .json:
                var members: [String: JSON] = [:]
                for (name, value) in told { members[name] = .string(value) }
                // What every line has is not to be hidden by what some have.
                members["time"] = .string(time)
                members["level"] = .string(event.level.rawValue)
                members["message"] = .string("\(event.message)")
                write(JSON.object(members).compact + "\n")
            }
        }

        /// Members of members under the names of both, and nothing that a name says is secret.
        private static func flat(_ values: Logger.Metadata, within: String) -> [(name: String, value: String)] {
            values.flatMap { name, value -> [(name: String, value: String)] in
                if Redaction.isSecret(name) { return [(within + name, "redacted")] }
                if case .dictionary(let members) = value { return flat(members, within: within + name + ".") }
                return [(within + name, "\(value)")]
            }
        }

        /// One call for one line: lines of several threads do not mix.
        private static func writeToStandardError(_ line: String) {
            var bytes = Array(line.utf8)[...]
            while !bytes.isEmpty {
                let written = bytes.withUnsafeBytes { systemWrite(STDERR_FILENO, $0.baseAddress, $0.count) }
                if written < 0, errno == EINTR { continue }
                // Nobody reads it, or there is no room: a log must not hold up what it tells of.
                guard written > 0 else { return }
                bytes = bytes.dropFirst(written)
            }
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
