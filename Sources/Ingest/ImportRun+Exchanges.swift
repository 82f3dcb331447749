import EventLog
import FoundationEssentials
import Postgres
import ShareServers

/// From the exchanges of an archive to their events: in order of time, and with what the log holds in mind.
extension ImportRun {
    /// Holds back what was read, and notes the earliest of it once there is too much.
    mutating func take(_ readings: [(element: Slab.Element, output: Reading?)]) async throws {
        for (element, reading) in readings {
            if let reading {
                window.insert(Window.Held(reading: reading, element: element))
            } else {
                report.skipped += 1
            }
        }
        try await noteHeld(downTo: Window.bytes)
    }

    /// Notes the earliest exchanges until no more than `limit` bytes are held back.
    mutating func noteHeld(downTo limit: Int) async throws {
        while case let batch = window.popBatch(downTo: limit), !batch.isEmpty { try await note(batch) }
    }

    private mutating func note(_ batch: [Window.Held]) async throws {
        let isRepeated = try await log.holds(batch.map(\.reading.call))
        try await recall(batch, isRepeated)
        var drawn: [Drawn] = []
        for (held, isRepeated) in zip(batch, isRepeated) {
            do throws(EventError) {
                for event in try observe(held.reading) {
                    drawn.append(Drawn(event: event, element: held.element, isRepeated: isRepeated))
                }
                report.exchanges += 1
            } catch {
                note(
                    Fault(
                        number: held.element.number, line: held.element.line, attribute: error.attribute,
                        reason: error.reason))
            }
        }
        drawn = try await withoutTold(drawn)
        try await submit(drawn.map(\.event), drawn.map(\.element))
    }

    /// An event, and the element that it was drawn from.
    private struct Drawn {
        let event: Event
        let element: Slab.Element
        /// Whether the log had the exchange before.
        let isRepeated: Bool
    }

    private mutating func observe(_ reading: Reading) throws(EventError) -> [Event] {
        let source = reading.call.source
        // In and out of the dictionary, so that it is not copied.
        var observer = observers.removeValue(forKey: source) ?? Observer(source: source, redaction: redaction)
        defer { observers[source] = observer }
        return try observer.events(from: reading)
    }

    // MARK: - What the log holds

    /// Gives the observers what the log holds of the servers that they hear of for the first time, from before then.
    private mutating func recall(_ batch: [Window.Held], _ isRepeated: [Bool]) async throws {
        var unknown: [String: [UUID: (before: Timestamp, isRepeated: Bool)]] = [:]
        for (held, isRepeated) in zip(batch, isRepeated) {
            let source = held.reading.call.source
            for server in held.reading.servers
            where observers[source]?.knows(server) != true && unknown[source]?[server] == nil {
                unknown[source, default: [:]][server] = (held.reading.time, isRepeated)
            }
        }
        for (source, servers) in unknown {
            var observer = observers.removeValue(forKey: source) ?? Observer(source: source, redaction: redaction)
            defer { observers[source] = observer }
            try await log.recall(servers.map { ($0.key, before: $0.value.before) }, source: source) { server, noted in
                observer.recall(server, from: noted, isRepeated: servers[server]?.isRepeated ?? false)
            }
        }
    }

    /// Leaves out what the log has told of the same server at the same moment, from the same source: an exchange that
    /// is imported again, after others that tell of the time before it, may give another `not_before`.
    private mutating func withoutTold(_ drawn: [Drawn]) async throws -> [Drawn] {
        var asked: [String: [(server: UUID, at: Timestamp)]] = [:]
        for drawn in drawn where drawn.isRepeated && drawn.event.type != EventType.call {
            guard let server = drawn.event.serverID else { continue }
            asked[drawn.event.source, default: []].append((server, drawn.event.time))
        }
        guard !asked.isEmpty else { return drawn }
        var told: [String: [UUID: [Noted]]] = [:]
        for (source, servers) in asked {
            told[source] = Dictionary(grouping: try await log.noted(of: servers, source: source), by: \.server)
        }
        let fresh = drawn.filter { drawn in
            guard drawn.isRepeated, let server = drawn.event.serverID else { return true }
            return told[drawn.event.source]?[server]?.contains { $0.tells(drawn.event) } != true
        }
        report.known += drawn.count - fresh.count
        return fresh
    }
}
