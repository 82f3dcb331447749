import ArgumentParser
import AsyncHTTPClient
import EventLog
import Ingest
import Logging
import Service
import ServiceLifecycle
import ShareServers

/// Who may ask the API, as it is set.
struct Admitting: Sendable {
    /// Whether it is recorded who reads, and what becomes of answers where it cannot be.
    enum Recording: String, Sendable, CaseIterable {
        case off
        case open
        case closed
    }

    private let limits: Admission.Limits
    private let recording: Recording
    /// Where Keystone is; nil where its tokens let nobody in.
    private let cloud: Cloud?
    private let roles: [AccessRole: Set<String>]
    private let readAll: Set<String>

    /// - Throws: `Failure` for what cannot be, and where roles of Keystone are named and nothing says where it is.
    init(_ configuration: Configuration) throws {
        var limits = Admission.Limits()
        if let rate = try configuration.number(.apiRate) { limits.rate = rate }
        if let concurrency = try configuration.number(.apiConcurrency) { limits.concurrency = concurrency }
        self.limits = limits
        recording = try configuration.choice(.recordReads) ?? .off
        var roles: [AccessRole: Set<String>] = [:]
        for (role, setting) in Setting.keystoneRoles {
            if let names = try configuration.value(setting)?.texts { roles[role] = Set(names) }
        }
        self.roles = roles
        readAll = Set(try configuration.value(.keystoneReadAll)?.texts ?? [])
        // Parsed from nothing: who asks of Keystone is set, and never an option.
        cloud =
            roles.isEmpty && readAll.isEmpty ? nil : try CloudOptions.parse([]).one(configuration, .keystoneCloud)
    }

    /// Lends `body` what lets in, and what must run meanwhile.
    ///
    /// - Parameters:
    ///   - url: The database that has the tokens.
    ///   - isLoopback: Whether only this machine reaches the API.
    func with(
        url: String, isLoopback: Bool, logger: Logger,
        _ body: (_ admission: Admission, _ services: [any Service]) async throws -> Void
    ) async throws {
        guard let cloud else {
            let admission = Admission(url: url, isLoopback: isLoopback, limits: limits)
            return try await body(admission, [admission])
        }
        let http = try cloud.httpClient()
        do {
            // Tokens are remembered by their hashes under a key that nobody else has.
            let keystone = try cloud.keystone(http: http, redaction: Redaction(key: Self.randomKey()))
            let admission = Admission(
                url: url, isLoopback: isLoopback, keystone: KeystoneAccess(keystone, roles: roles, readAll: readAll),
                limits: limits)
            try await body(admission, [admission, keystone.revoking(logger: logger)])
        } catch {
            try? await http.shutdown()
            throw error
        }
        try await http.shutdown()
    }

    /// What records reads; nil where nothing does.
    func recording(in log: Log, logger: Logger) -> ReadRecording? {
        switch recording {
        case .off: nil
        case .open: ReadRecording(log: log, failing: .open, logger: logger)
        case .closed: ReadRecording(log: log, failing: .closed, logger: logger)
        }
    }

    private static func randomKey() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}
