import EventLog
import FoundationEssentials
import Postgres
import ShareServers

/// One look at both sides of a reconciliation.
struct Comparison {
    private let known: [UUID: Present]
    private let redaction: Redaction
    private var listed: Set<UUID> = []
    private var observers: [String: (observer: Observer, coverage: Coverage)] = [:]
    private var found = Reconciliation()

    init(present: [Present], redaction: Redaction) {
        known = Dictionary(present.map { ($0.server, $0) }, uniquingKeysWith: { first, _ in first })
        self.redaction = redaction
        found.known = known.count
    }

    /// Servers of the log that are in no list, in a fixed order.
    var missing: [UUID] {
        known.keys.filter { !listed.contains($0) }.sorted { $0.uuidString < $1.uuidString }
    }

    /// Takes the list of one Manila.
    mutating func take(_ list: Polled, from deployment: Reconciliation.Deployment) {
        listed.formUnion(list.servers)
        found.listed += list.servers.count
        observe(list, from: deployment)
    }

    /// Asks every Manila for a server that none lists; it is gone where all of them say so.
    mutating func look(
        for server: UUID, in deployments: [Reconciliation.Deployment]
    ) async throws(IngestError) {
        var absence: (Polled, Reconciliation.Deployment)?
        for deployment in deployments {
            do throws(IngestError) {
                let polled = try await deployment.manila.show(server)
                guard polled.isAbsence else { return observe(polled, from: deployment) }
                absence = absence ?? (polled, deployment)
            } catch {
                if case .cancelled = error { throw error }
                found.unresolved.append(server)
                return
            }
        }
        if let (polled, deployment) = absence { observe(polled, from: deployment) }
    }

    private mutating func observe(_ polled: Polled, from deployment: Reconciliation.Deployment) {
        let source = deployment.source
        var (observer, coverage) =
            observers.removeValue(forKey: source)
            ?? (
                observer: Observer(source: source, redaction: redaction),
                coverage: Coverage(source: source, former: nil, tolerance: .zero)
            )
        defer { observers[source] = (observer, coverage) }
        for server in polled.servers {
            guard let present = known[server], !observer.knows(server) else { continue }
            let noted = Noted(
                server: server, type: EventType.status, time: present.seenAt, data: .object(present.attributes))
            observer.recall(server, from: [noted], seenUntil: nil)
        }
        let isFirst = coverage.seenAt == nil
        if isFirst, let events = try? coverage.saw(at: polled.time) { found.events += events }
        for event in observer.events(from: polled, onFault: { _ in }) where event.type == EventType.status {
            guard let server = event.serverID, let difference = difference(of: server, event, polled) else { continue }
            found.differences.append(difference)
            found.events.append(event)
        }
    }

    /// Nil where the log has heard later of the server than it was seen here.
    private func difference(of server: UUID, _ event: Event, _ polled: Polled) -> Reconciliation.Difference? {
        guard let data = try? JSON(parsing: event.canonical)["data"]?.object else { return nil }
        let present = known[server]
        if let present, present.seenAt > polled.time { return nil }
        let told = present?.attributes ?? [:]
        let names = present == nil || polled.isAbsence ? ["status"] : data.keys.sorted()
        let members = names.compactMap { name -> Reconciliation.Difference.Member? in
            guard !["not_before", "updated_at"].contains(name), told[name] != data[name] else { return nil }
            // An older microversion did not say it, and there is nothing to say.
            if present != nil, told[name] == nil, data[name] == .null { return nil }
            return .init(name: name, log: told[name], manila: polled.isAbsence ? nil : data[name])
        }
        guard !members.isEmpty else { return nil }
        let kind: Reconciliation.Difference.Kind =
            present == nil ? .missingInLog : polled.isAbsence ? .missingInManila : .differs
        return .init(
            server: server, source: event.source, kind: kind, members: members, toldAt: present?.seenAt,
            seenAt: polled.time)
    }

    /// What was found, with the goodbye of each source: it watched for a moment only.
    func result() throws(IngestError) -> Reconciliation {
        var result = found
        for (_, watch) in observers.sorted(by: { $0.key < $1.key }) {
            var coverage = watch.coverage
            do throws(EventError) {
                result.events += try coverage.stop()
            } catch {
                throw .misconfigured(setting: "the name of the source", reason: "\(error)")
            }
        }
        result.differences.sort { left, right in
            (left.source, left.server.uuidString) < (right.source, right.server.uuidString)
        }
        return result
    }
}
