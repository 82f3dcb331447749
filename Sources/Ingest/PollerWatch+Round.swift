import Crypto
import EventLog
import FoundationEssentials
import Logging
import Postgres
import ShareServers

extension PollerWatch {
    /// Failures one after another, within a round, after which no more servers are asked for in it.
    private static let showFailures = 3
    /// How often a server is asked for in vain before it is left until it changes again.
    private static let showAttempts = 5

    /// Asks for the list, notes what changed, asks for those that it must know more of, and says that it saw.
    ///
    /// - Parameter end: What is asked only to know more waits for the next round then.
    /// - Throws: `.log`, `.cancelled`, and why the list could not be had or not be read.
    mutating func round(until end: ContinuousClock.Instant) async throws(IngestError) {
        // What others tell after this question is of the next round: it may be later than the answer.
        let told = try await toldByNow()
        let (body, list) = try await poller.manila.list()
        let digest = Array(SHA256.hash(data: body))
        poller.tally.count { $0.listed = list.servers.count + list.unreadable }
        try await recallPresent()
        try await recall(list.servers)
        try await hearOthers(until: told)
        if digest == lastList {
            observer.confirm(at: list.time, asked: list.asked)
        } else {
            let events = draw(list)
            try await append(events)
            for event in events {
                guard let server = event.serverID else { continue }
                attempts[server] = nil
                enqueue(server)
            }
            for server in list.servers where !observer.hasDetails(of: server) { enqueue(server) }
        }
        lastList = digest
        guard list.unreadable == 0 else {
            poller.tally.count { $0.malformed += list.unreadable - 1 }
            throw .unintelligible(service: "Manila", reason: "\(list.unreadable) servers of the list cannot be read")
        }
        let isWhole = try await confirmMissing(Set(list.servers))
        poller.tally.count { $0.rounds += 1 }
        if isWhole {
            try await tellSeen(at: list.asked)
        } else {
            coverage.miss("Manila does not say whether servers that are missing from its list are gone")
        }
        try await askForMore(until: end)
    }

    private mutating func enqueue(_ server: UUID) {
        guard attempts[server] != Self.showAttempts, queued.insert(server).inserted else { return }
        queue.append(server)
    }

    // MARK: - What the log holds

    /// Gives the observer what the log holds of servers that it hears of for the first time.
    private mutating func recall(_ servers: [UUID]) async throws(IngestError) {
        var seen: Set<UUID> = []
        let unknown = servers.filter { !observer.knows($0) && seen.insert($0).inserted }
        guard !unknown.isEmpty else { return }
        do throws(LogError) {
            try await poller.log.recall(
                unknown.map { ($0, before: Timestamp.latest) }, source: poller.source
            ) { server, noted in
                observer.recall(server, from: noted, seenUntil: seenUntil)
            }
        } catch {
            throw error == .cancelled && Task.isCancelled ? .cancelled : .log(error)
        }
    }

    /// Those that went while nobody watched are in no list. What the projections say may be old: it is looked at again
    /// with every heartbeat, and the log itself has the last word on what was seen.
    private mutating func recallPresent() async throws(IngestError) {
        let now = ContinuousClock.now
        if let recalledAt, now < recalledAt + poller.pace.heartbeat { return }
        do throws(LogError) {
            let present = try await poller.log.present(sources: [poller.source])
            recalledAt = now
            let unknown = present.map(\.server).filter { !observer.knows($0) }
            if !unknown.isEmpty { lastList = nil }
            do throws(IngestError) { try await recall(unknown) } catch {
                if case .log(let error) = error { throw error }
            }
        } catch {
            throw error == .cancelled && Task.isCancelled ? .cancelled : .log(error)
        }
    }

    /// What other sources told since the last round: where they have the last word and it is another than that of this
    /// source, the list is told of once more.
    private mutating func hearOthers(until told: [Lane: Int64]) async throws(IngestError) {
        do throws(LogError) {
            try await poller.log.states(toldByOthersThan: poller.source, from: heard, until: told) {
                server, status, time in
                if observer.hear(status, of: server, at: time) { lastList = nil }
            }
            heard = told
        } catch {
            throw error == .cancelled && Task.isCancelled ? .cancelled : .log(error)
        }
    }

    private func toldByNow() async throws(IngestError) -> [Lane: Int64] {
        do throws(LogError) {
            return try await poller.log.sizes()
        } catch {
            throw error == .cancelled && Task.isCancelled ? .cancelled : .log(error)
        }
    }

    // MARK: - One by one

    /// Asks for those that were there and are not in the list any more.
    ///
    /// - Returns: Whether Manila said of each what became of it.
    private mutating func confirmMissing(_ listed: Set<UUID>) async throws(IngestError) -> Bool {
        let missing = observer.missing(from: listed)
        guard !missing.isEmpty else { return true }
        // The list alone does not say how all are.
        lastList = nil
        let answered = try await show(missing)
        return answered == missing.count
    }

    /// Asks for the details of those that are new or changed, as many as there is time for, and at least a few.
    private mutating func askForMore(until end: ContinuousClock.Instant) async throws(IngestError) {
        var left = poller.pace.shows
        repeat {
            let batch = Array(queue.prefix(min(left, poller.pace.showsAtOnce * 4)))
            guard !batch.isEmpty else { return }
            queue.removeFirst(batch.count)
            queued.subtract(batch)
            left -= batch.count
            let answered = try await show(batch)
            if answered < batch.count {
                for server in batch where !observer.hasDetails(of: server) {
                    attempts[server, default: 0] += 1
                    enqueue(server)
                }
                return
            }
            for server in batch { attempts[server] = nil }
        } while left > 0 && .now < end && !Task.isCancelled
    }

    /// Asks for servers one by one, a few at a time, and notes what is seen; gives up after failures in a row.
    ///
    /// - Returns: Of how many Manila said how they are, or that it does not know them.
    private mutating func show(_ servers: [UUID]) async throws(IngestError) -> Int {
        var answered = 0
        var failures = 0
        for start in stride(from: 0, to: servers.count, by: poller.pace.showsAtOnce) {
            let part = servers[start..<min(start + poller.pace.showsAtOnce, servers.count)]
            var events: [Event] = []
            for answer in await answers(part) {
                poller.tally.count { $0.shows += 1 }
                switch answer {
                case .success(let polled):
                    failures = 0
                    answered += 1
                    events += draw(polled)
                case .failure(.cancelled): throw .cancelled
                case .failure(let error):
                    failures += 1
                    if case .unintelligible = error { poller.tally.count { $0.malformed += 1 } }
                    poller.logger.warning("a server cannot be asked for: \(error)")
                }
            }
            if !events.isEmpty { lastList = nil }
            try await append(events)
            if failures >= Self.showFailures { break }
        }
        return answered
    }

    /// In the order of `servers`.
    private func answers(_ servers: ArraySlice<UUID>) async -> [Result<Polled, IngestError>] {
        await withTaskGroup(of: (Int, Result<Polled, IngestError>).self) { group in
            for (index, server) in zip(servers.indices, servers) {
                group.addTask { [manila = poller.manila] in
                    do throws(IngestError) {
                        return (index, .success(try await manila.show(server)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var answers: [(Int, Result<Polled, IngestError>)] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
