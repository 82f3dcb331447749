import EventLog
import FoundationEssentials
import Postgres
import ShareServers

/// What a gateway remembers of servers, and makes of each answer in the order in which they came.
actor Noting {
    private var observer: Observer

    /// How long the log may take to tell what it holds of a server.
    private static let patience = Duration.seconds(1)
    /// Servers of one answer that are looked up; a list that brings more is noted as it is.
    private static let recalled = 16

    init(source: String, redaction: Redaction) {
        observer = Observer(source: source, redaction: redaction)
    }

    /// The events of an answer, after looking up servers that it brings for the first time.
    ///
    /// - Parameter log: Nil where it cannot be asked.
    func events(from reading: Reading, log: Log?) async throws(EventError) -> [Event] {
        if let log { await recall(reading, log) }
        return try observer.events(from: reading)
    }

    /// Forgets what an answer told of servers, because it could not be recorded.
    func forget(_ reading: Reading) { observer.forget(reading.servers) }

    private func recall(_ reading: Reading, _ log: Log) async {
        let unknown = Set(reading.servers.filter { !observer.knows($0) })
        guard (1...Self.recalled).contains(unknown.count) else { return }
        let (source, before) = (observer.source, reading.time)
        let asking = Task { () -> [UUID: [Noted]] in
            var found: [UUID: [Noted]] = [:]
            try? await log.recall(unknown.map { ($0, before: before) }, source: source) { found[$0] = $1 }
            return found
        }
        // Without an answer a server is taken for new, which is true of this gateway.
        for (server, noted) in await asking.value(within: Self.patience) ?? [:] {
            observer.recall(server, from: noted, isRepeated: false)
        }
    }
}
