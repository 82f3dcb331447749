public import EventLog
public import FoundationEssentials
public import Postgres
public import ShareServers

/// What Manila lists, held against what the log has: the proof that nothing went by unseen, or what did.
public struct Reconciliation: Sendable {
    /// Something that one side has and the other has not, or has otherwise.
    public struct Difference: Sendable, Hashable {
        public enum Kind: String, Sendable, Hashable {
            /// Manila has a server that the log does not have, or has as gone.
            case missingInLog = "missing_in_log"
            /// The log has a server of which Manila says that it does not know it.
            case missingInManila = "missing_in_manila"
            case differs
        }
        /// A member under the name of `status` events, as either side has it; nil: not at all.
        public struct Member: Sendable, Hashable {
            public let name: String
            public let log: JSON?
            public let manila: JSON?
        }
        public let server: UUID
        /// The `source` of the Manila.
        public let source: String
        public let kind: Kind
        /// In the order of their names; at least the status.
        public let members: [Member]
        /// When the log last heard of the server; nil where it never did, or it is gone.
        public let toldAt: Timestamp?
        public let seenAt: Timestamp
    }

    /// One Manila, and the `source` that what is found there is recorded under.
    public struct Deployment: Sendable {
        public let source: String
        public let manila: Manila

        public init(source: String, manila: Manila) {
            self.source = source
            self.manila = manila
        }
    }

    /// By source and server.
    public internal(set) var differences: [Difference] = []
    /// Servers that Manila lists, and that the log has.
    public internal(set) var listed = 0
    public internal(set) var known = 0
    /// Servers that are in no list and of which Manila would not say what became of them.
    public internal(set) var unresolved: [UUID] = []
    /// What it saw, and when it was watching: for the log.
    public internal(set) var events: [Event] = []

    public var isLevel: Bool { differences.isEmpty && unresolved.isEmpty }

    /// Compares, and where the sides are not level once more after a while, because what just happened is under way to
    /// the log. What is left is what it reports; nothing is recorded yet.
    ///
    /// - Parameters:
    ///   - deployments: At least one, of different sources. A server that none of them lists is looked for in each.
    ///   - log: With projections that are level with it.
    ///   - scope: Only servers of the log whose status one of these sources told; nil: all. Needed where the log has
    ///     servers of other deployments as well.
    /// - Throws: `.away`, `.denied`, `.unintelligible`, `.misconfigured`, `.log`, `.cancelled`.
    public static func run(
        _ deployments: [Deployment], log: Log, scope: [String]?, settling: Duration = .seconds(5)
    ) async throws(IngestError) -> Reconciliation {
        let first = try await look(deployments, log, scope)
        if first.isLevel { return first }
        do { try await Task.sleep(for: settling) } catch { throw .cancelled }
        return try await look(deployments, log, scope)
    }

    private static func look(
        _ deployments: [Deployment], _ log: Log, _ scope: [String]?
    ) async throws(IngestError) -> Reconciliation {
        let present: [Present]
        do throws(LogError) {
            present = try await log.present(sources: scope)
        } catch {
            throw error == .cancelled ? .cancelled : .log(error)
        }
        var comparison = Comparison(present: present, redaction: Redaction(key: log.redactionKey))
        for deployment in deployments {
            let list = try await deployment.manila.list().polled
            guard list.unreadable == 0 else {
                throw .unintelligible(
                    service: "Manila", reason: "\(list.unreadable) servers of its list cannot be read")
            }
            comparison.take(list, from: deployment)
        }
        for server in comparison.missing {
            try Task.checkNotCancelled()
            try await comparison.look(for: server, in: deployments)
        }
        return try comparison.result()
    }
}

extension Task where Success == Never, Failure == Never {
    fileprivate static func checkNotCancelled() throws(IngestError) {
        if isCancelled { throw .cancelled }
    }
}
