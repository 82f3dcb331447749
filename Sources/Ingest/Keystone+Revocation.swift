public import Logging
import Postgres
public import ServiceLifecycle
import ShareServers

extension Keystone {
    /// How often it is asked which tokens were taken back.
    private static let revocationInterval = Duration.seconds(10)
    /// How often it is asked again where it does not tell.
    private static let untoldInterval = Duration.seconds(300)
    /// By how much the clocks of Keystone and this machine may differ.
    private static let skew = Duration.seconds(300)

    /// What keeps asking which tokens were taken back, and forgets these, until it is asked to end. Where Keystone does
    /// not tell, an answer about a token counts for as long as it is remembered.
    ///
    /// - Parameter logger: Is told once that Keystone does not tell, and why.
    public nonisolated func revoking(logger: Logger) -> some Service { Revoking(keystone: self, logger: logger) }

    private struct Revoking: Service {
        let keystone: Keystone
        let logger: Logger

        func run() async throws {
            await cancelWhenGracefulShutdown {
                var told: String?
                while !Task.isCancelled {
                    let untold = await keystone.forgetRevoked()
                    if let untold, untold.reason != told, !Task.isCancelled {
                        logger.notice(
                            "Keystone does not tell which tokens were revoked: each may pass for a valid one while it is remembered",
                            metadata: [
                                "reason": "\(untold.reason)", "seconds": "\(keystone.memory.components.seconds)",
                            ])
                    }
                    told = untold?.reason
                    let isRefused = untold?.isRefused == true
                    try? await Task.sleep(for: isRefused ? Keystone.untoldInterval : Keystone.revocationInterval)
                }
            }
        }
    }

    /// Asks which tokens were taken back lately, and forgets what is remembered of them: who shows one is asked about
    /// again.
    ///
    /// Every answer that is remembered is younger than `memory`, and took account of what had been taken back by then.
    ///
    /// - Returns: Nil; or why Keystone does not tell, and whether that is for good.
    ///
    /// Source: Identity API v3, "OS-REVOKE", `GET /v3/OS-REVOKE/events`.
    func forgetRevoked() async -> (reason: String, isRefused: Bool)? {
        let since = Timestamp.now.advanced(by: .zero - memory - Self.skew)
        do throws(IngestError) {
            let exchange = try await ask("/OS-REVOKE/events?since=\(since)", headers: [])
            guard exchange.status == 200 else { throw upstream.refusal(exchange) }
            guard let events = (try? JSON(parsing: exchange.responseBody))?["events"]?.array else {
                throw upstream.refusal(exchange)
            }
            revocations = events.compactMap { Revocation($0) }
            known = known.filter { !isRevoked($0.value.verdict) }
            return nil
        } catch {
            revocations = []
            if case .away = error { return ("\(error)", false) }
            return ("\(error)", true)
        }
    }

    /// Whether it was taken back lately, whatever Keystone answered before.
    func isRevoked(_ verdict: KeystoneVerdict) -> Bool {
        guard !revocations.isEmpty, case .valid(let identity) = verdict else { return false }
        return revocations.contains { $0.takesBack(identity.revocable) }
    }
}

extension Gateway {
    /// What keeps the callers that a Keystone names up to date; nothing where none is asked.
    public var revoking: (any Service)? {
        if case .keystone(let keystone) = settings.identification { keystone.revoking(logger: logger) } else { nil }
    }
}
