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
    private let limits: Admission.Limits
    /// What becomes of answers whose read cannot be recorded; nil where none is.
    private let recording: ReadRecording.Failing?
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
        recording = try configuration.text(.recordReads).flatMap { ReadRecording.Failing(rawValue: $0) }
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
            let keystone = try cloud.keystone(http: http, redaction: Redaction())
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
        recording.map { ReadRecording(log: log, failing: $0, logger: logger) }
    }
}
