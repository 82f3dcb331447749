import EventLog
import Logging
import ServiceLifecycle
import ShareServers

extension Recorder {
    /// Events that are drained at once.
    private static let drainedEntries = 1_000
    private static let pauses = Duration.milliseconds(100)...Duration.seconds(2)

    /// Drains the spool whenever something waits in it, until it is asked to end; then takes what is under way to its
    /// end and closes.
    ///
    /// - Throws: `.otherLog` where the database that is back is another: what waits stays in the spool.
    public func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                for await _ in self.spooled { try await self.drain() }
            }
        } catch {
            await close()
            throw error
        }
        await close()
    }

    /// The log, while events go there at once.
    var direct: Log? { isSpooling ? nil : log }

    /// Drains until the spool is empty and the log takes events again.
    private func drain() async throws {
        var pause = Self.pauses.lowerBound
        while isSpooling, !Task.isCancelled {
            do {
                try await drainOnce(try await opened())
                pause = Self.pauses.lowerBound
                continue
            } catch IngestError.otherLog(let directory) {
                throw IngestError.otherLog(directory: directory)
            } catch {
                // That PostgreSQL is away has been told.
                if (error as? LogError)?.isAway != true { logger.error("the spool waits: \(error)") }
                state.reason = "\(error)"
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, Self.pauses.upperBound)
        }
    }

    private func opened() async throws -> Log {
        if let log { return log }
        let opened = try await Self.openLog(url)
        guard opened.redactionKey == key else {
            await opened.close()
            throw IngestError.otherLog(directory: spool.directory)
        }
        log = opened
        return opened
    }

    private func drainOnce(_ log: Log) async throws {
        let writes = spoolWrites
        guard let batch = try await spool.first(Self.drainedEntries) else {
            // Nothing was written since it was found empty, nothing is being written, and nothing is about to be.
            if writes == spoolWrites, writes.isMultiple(of: 2), queue.isEmpty { endSpooling() }
            return
        }
        let receipts = try await log.append(batch.events)
        try await spool.remove(batch)
        state.drained += batch.events.count
        noteConflicts(receipts)
        await noteSpool(reason: nil)
    }

    private func endSpooling() {
        isSpooling = false
        state.reason = nil
        logger.notice("the database is back and the spool is drained", metadata: ["drained": "\(state.drained)"])
    }

    // MARK: What is told

    func noteLogged(_ receipts: [Receipt]) {
        state.logged += receipts.count
        noteConflicts(receipts)
    }

    private func noteConflicts(_ receipts: [Receipt]) {
        for receipt in receipts where receipt.outcome == .conflict {
            state.conflicts += 1
            logger.error(
                "an event was not kept: its source, id and time were used for other content before",
                metadata: ["entry": "\(receipt.position)"])
        }
    }

    func noteSpool(reason: String?) async {
        if let reason { state.reason = reason }
        let (events, bytes) = (await spool.events, await spool.bytes)
        let (torn, damaged) = (await spool.tornBytes, await spool.damagedBytes)
        (state.waiting, state.waitingBytes) = (events, bytes)
        (state.tornBytes, state.damagedBytes) = (torn, damaged)
    }
}

extension LogError {
    /// Whether it comes and goes with PostgreSQL.
    fileprivate var isAway: Bool { if case .unavailable = self { true } else { false } }
}
