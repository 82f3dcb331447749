import CLibPQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What another session told by `NOTIFY`.
public struct Notification: Sendable, Hashable {
    public let channel: String
    public let payload: String
}

extension Connection {
    /// Asks to be told what is notified on `channel` from now on.
    public func listen(_ channel: String) throws(PostgresError) {
        try execute("LISTEN \"\(channel.replacing("\"", with: "\"\""))\"")
        running = "LISTEN"
    }

    /// The next notification, nil where none comes within `time` or the task is cancelled.
    ///
    /// Holds up the connection's own thread meanwhile, and nothing else.
    ///
    /// - Throws: `.unavailable` where the server went away.
    public func notification(within time: Duration) throws(PostgresError) -> Notification? {
        let clock = ContinuousClock()
        let deadline = clock.now + time
        while true {
            let connection = try open
            guard PQconsumeInput(connection) == 1 else { throw connectionError() }
            if let notified = PQnotifies(connection) {
                defer { PQfreemem(notified) }
                return Notification(
                    channel: String(cString: notified.pointee.relname), payload: String(cString: notified.pointee.extra)
                )
            }
            let left = deadline - clock.now
            guard left > .zero, !Task.isCancelled else { return nil }
            // Short, so that a cancelled task does not wait for the whole of `time`.
            let wait = min(left, .milliseconds(200))
            var socket = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
            _ = poll(&socket, 1, Int32(wait.components.attoseconds / 1_000_000_000_000_000) + 1)
        }
    }
}
