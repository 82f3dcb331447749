import DatabaseTesting
import Foundation
import Postgres
import Schema
import Testing

/// Two PostgreSQLs, one of which follows the other synchronously and takes over when it dies.
@Suite(.timeLimit(.minutes(60))) struct FailoverTests {
    private static let failovers =
        ProcessInfo.processInfo.environment["DOSSIER_FAILOVERS"].flatMap { Int($0) } ?? 2

    @Test("When the primary is killed under load, the service goes on with the standby, and nothing is lost or doubled")
    func failover() async throws {
        try await withDirectory { directory in
            var (primary, standby) = (try await Cluster(directory + "/a"), directory + "/b")
            try await Migration.migrate(url: primary.url, partitionEntries: 10_000)
            let hosts = [primary.directory, standby].map { $0.replacing("/", with: "%2F") }.joined(separator: ",")
            let url = "postgres://dossier@\(hosts)/postgres?target_session_attrs=read-write"
            var follower = try await primary.standby(at: standby)
            let service = try await RunningProgram.serve(url)
            try await Pushes.with(servers: Lines.servers(0..<16)) { pushes in
                async let pushing: Void = pushes.run(service.url)
                for number in 1...Self.failovers {
                    try await pushes.acknowledges(500)
                    _ = pushes.takeSilence()
                    let acknowledged = pushes.acknowledged.count
                    await primary.kill()
                    try await follower.promote()
                    try await pushes.acknowledges(500)
                    print(
                        """
                        Failover \(number): \(acknowledged) events acknowledged before, then none for \
                        \(pushes.takeSilence().formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 1))))
                        """)
                    // The former primary is made anew out of the new one, and follows it.
                    standby = primary.directory
                    primary = follower
                    guard number < Self.failovers else { break }
                    try FileManager.default.removeItem(atPath: standby)
                    follower = try await primary.standby(at: standby)
                }
                await pushes.stop()
                await pushing
                let log = StoredLog(url: primary.url)
                try await log.expect(pushes.acknowledged)
                try await pushes.pushAll(service.url)
                try await log.expectOnceEach(pushes.sent)
                try await log.expectProjectionsAsRebuilt()
                print("\(Self.failovers) failovers: \(pushes.sent.count) events acknowledged, none lost, none doubled")
            }
            #expect(try await service.program.end(SIGTERM) == 0)
            await primary.stop()
        }
    }

    @Test("A standby alone is answered for with 503, in words that say what it is")
    func standbyAlone() async throws {
        try await withDirectory { directory in
            let primary = try await Cluster(directory + "/a")
            try await Migration.migrate(url: primary.url)
            let standby = try await primary.standby(at: directory + "/b")
            let service = try await RunningProgram.serve(standby.url)
            try await Pushes.with { pushes in
                let answer = try #require(await pushes.send(0..<10, to: service.url))
                #expect(answer.status == 503)
                #expect(String(decoding: answer.body, as: UTF8.self).contains("read-only"), "\(answer)")
                try await standby.promote()
                #expect(await pushes.push(0..<10, to: service.url))
            }
            #expect(try await service.program.end(SIGTERM) == 0)
            await primary.stop()
            await standby.stop()
        }
    }
}

extension Cluster {
    /// Another PostgreSQL that follows this one; from now on nothing is committed here that is not durable there.
    func standby(at directory: String) async throws -> Cluster {
        let postgres = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(processID)/exe")
        let programs = URL(filePath: postgres).deletingLastPathComponent().path(percentEncoded: false)
        let copied = try await Program.shell(
            """
            mkdir -p '\(directory)' && '\(programs)pg_basebackup' -h '\(self.directory)' -U dossier -R -c fast \
                -D '\(directory)/data' && chown -R --reference='\(self.directory)/data' '\(directory)/data'
            """)
        try #require(copied.status == 0, "\(copied)")
        let standby = try await Cluster(directory)
        try await execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        try await execute("SELECT pg_reload_conf()")
        let state = "SELECT sync_state FROM pg_stat_replication"
        try await wait(for: "the standby to follow") { try await StoredLog(url: url).texts(state) == ["sync"] }
        return standby
    }

    /// Makes the follower one that takes writes.
    func promote() async throws { try await execute("SELECT pg_promote()") }

    private func execute(_ sql: String) async throws {
        let connection = try await Connection.open(url)
        try await connection.run { try $0.execute(sql) }
        await connection.close()
    }
}
