import ArgumentParser
import FoundationEssentials
import Ingest
import Logging
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Configuration {
    /// What is to be said of a configuration before anything is started with it.
    struct Finding: Sendable, Hashable {
        enum Severity: String, Sendable {
            case error
            case warning
        }

        let severity: Severity
        /// Where it is wrong, and what.
        let what: String
        let advice: String?

        static func error(_ failure: Failure) -> Finding {
            Finding(severity: .error, what: failure.message, advice: failure.advice)
        }

        static func error(_ what: String, _ advice: String) -> Finding {
            Finding(severity: .error, what: what, advice: advice)
        }

        static func warning(_ what: String, _ advice: String) -> Finding {
            Finding(severity: .warning, what: what, advice: advice)
        }

        var json: JSON {
            [
                "severity": .string(severity.rawValue), "what": .string(what),
                "advice": advice.map { .string($0) } ?? .null,
            ]
        }
    }

    /// All that is wrong with what is set, as far as can be seen without starting anything.
    func check() async -> [Finding] {
        var findings = (file?.faults ?? []).map { fault in
            Finding.error((file?.place(of: fault) ?? "") + fault.what, fault.advice)
        }
        for setting in Setting.all {
            findings += Self.gather {
                try value(setting).map { checkPlace($0, of: setting) } ?? []
            }
            findings += secretFile(of: setting).map(Self.checkMode) ?? []
        }
        findings += checkListeners()
        findings += await checkClouds()
        return findings + checkFileMode()
    }

    /// What a check finds, where it does not come to its end for a failure.
    private static func gather(_ check: () throws -> [Finding]) -> [Finding] {
        do { return try check() } catch { return [.error(Failure(error))] }
    }

    // MARK: Places

    private func checkPlace(_ value: Value, of setting: Setting) -> [Finding] {
        let path = value.texts.first ?? ""
        switch setting.kind {
        case .file where !FileManager.default.isReadableFile(atPath: path):
            return [
                .error(
                    "\(value.origin): \(setting.key): '\(path)' cannot be read",
                    "Name a file that is there, and readable.")
            ]
        case .directory where !Self.canBeWritten(path):
            return [
                .error(
                    "\(value.origin): \(setting.key): '\(path)' cannot be written",
                    "Name a directory in which the user whom Dossier runs as may write.")
            ]
        default: return []
        }
    }

    /// Whether a directory can be written to, or be made.
    private static func canBeWritten(_ path: String) -> Bool {
        var path = path[...]
        while !path.isEmpty, !FileManager.default.fileExists(atPath: String(path)) {
            path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        }
        return access(path.isEmpty ? "/" : String(path), W_OK | X_OK) == 0
    }

    private static func checkMode(_ path: String) -> [Finding] {
        guard SecretFile.isReadableByOthers(path) == true else { return [] }
        return [.warning("'\(path)' holds a secret, and others than its owner can read it", "chmod 600 it.")]
    }

    /// The configuration itself, where it holds secrets.
    private func checkFileMode() -> [Finding] {
        guard let file else { return [] }
        let holdsSecrets =
            Setting.all.contains { $0.isSecret && file.entries[$0.key] != nil }
            || file.clouds.contains { $0.holdsSecrets }
        return holdsSecrets ? Self.checkMode(file.path) : []
    }

    // MARK: Listeners

    private func checkListeners() -> [Finding] {
        let listeners: [(Setting.Listener, [Setting])] = [
            (Setting.serving, [.listen]), (Setting.proxying, [.gatewayListen, .gatewayAdmin]),
            (Setting.polling, [.pollAdmin]),
        ]
        return listeners.flatMap { listener, addresses in
            Self.gather {
                let pair = try pair(listener)
                if let pair {
                    let quiet = Logger(label: "check", factory: { _ in SwiftLogNoOpLogHandler() })
                    _ = try ServerCertificate(pair: pair, logger: quiet)
                    return Self.checkMode(pair.key)
                }
                guard try !isSet(listener.insecure) else { return [] }
                return try addresses.compactMap { try address($0) }.filter { !$0.isLoopback }
                    .map { .error(Failure.withoutTLS($0)) }
            }
        }
    }

    // MARK: Clouds

    private func checkClouds() async -> [Finding] {
        var findings: [Finding] = []
        guard let options = try? CloudOptions.parse([]) else { return [] }
        var sources: Set<String> = []
        for entry in file?.clouds ?? [] {
            let place = "\(file?.path ?? ""):\(entry.line): "
            do {
                for cloud in try options.regions(of: entry) {
                    try await cloud.check()
                    findings += cloud.secretFiles.flatMap(Self.checkMode)
                    guard sources.insert(cloud.pollerSource).inserted else { throw Failure.sameSource(cloud) }
                }
            } catch {
                let failure = Failure(error)
                findings.append(Finding(severity: .error, what: place + failure.message, advice: failure.advice))
            }
        }
        guard findings.isEmpty, environment["OS_AUTH_URL"] != nil || environment["OS_CLOUD"] != nil || !sources.isEmpty
        else { return findings }
        // As the commands would find them.
        for setting in [Setting.pollClouds, .reconcileClouds, .gatewayCloud] {
            findings += Self.gather {
                _ = try options.read(self, setting)
                return []
            }
        }
        return Array(Set(findings))
    }
}
