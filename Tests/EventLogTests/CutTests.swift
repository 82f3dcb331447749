import DatabaseTesting
import EmbeddedPostgres
import EventLog
import ShareServers
import Testing

/// Connections that are cut in the midst of an append, wherever that is.
@Suite(.database, .timeLimit(.minutes(20))) struct CutTests {
    @Test(
        "A batch whose connection is cut is in the log whole or not at all, and repeating it does not double it",
        arguments: [CuttingProxy.Side.client, .server], [5, 40])
    func cut(side: CuttingProxy.Side, entries: Int) async throws {
        let log = try await TestLog.open(lanes: 1)
        let server = try await TestServer.shared
        let database: String = try await log.one("SELECT current_database()::text")
        try await CuttingProxy.with(socket: server.socketDirectory + "/.s.PGSQL.5432") { proxy, port in
            let url =
                "host=127.0.0.1 port=\(port) user=dossier dbname=\(database) sslmode=disable gssencmode=disable"
            // Numbers of five digits, so that each batch is as long as the others.
            let events = { (number: Int) in
                try Made.events(10_000 + number * entries..<10_000 + (number + 1) * entries, of: log.server)
            }
            // How much there is to be cut.
            let whole = try await Log.open(url: url, patience: .zero)
            proxy.cut(side, after: nil)
            _ = try await whole.append(try events(0))
            let bytes = proxy.passed(side)
            await whole.close()
            // Everywhere, and closer about the end, where the batch is committed; a head with a longer frontier is sent
            // in some hundred bytes more.
            let places =
                Array(stride(from: 0, to: bytes - 60, by: max(1, bytes / 30)))
                + Array(stride(from: bytes - 60, to: bytes + 600, by: 20))
            var figures = (whole: 0, none: 0)
            for (number, place) in places.enumerated() {
                let events = try events(number + 1)
                let before: Int64 = try await log.one("SELECT size FROM dossier.log_heads")
                proxy.cut(side, after: nil)
                let through = try await Log.open(url: url, patience: .zero)
                proxy.cut(side, after: place)
                let receipts = try? await through.append(events)
                await through.close()
                // A server that has not yet noticed holds the head until it has; the next who asks waits for it.
                let again = try await log.log.append(events)
                let isThere = again.allSatisfy { $0.outcome == .known }
                #expect(isThere || again.allSatisfy { $0.outcome == .appended }, "cut after \(place) of \(bytes) bytes")
                if receipts != nil { #expect(isThere, "what was acknowledged is not there: \(place) of \(bytes)") }
                #expect(again.map(\.position.index) == Array(before..<before + Int64(entries)))
                let after: Int64 = try await log.one("SELECT count(*) FROM dossier.entries")
                #expect(after == before + Int64(entries))
                if isThere { figures.whole += 1 } else { figures.none += 1 }
            }
            print(
                "Cut \(places.count) appends of \(entries) entries within \(bytes) bytes of the \(side): "
                    + "\(figures.whole) were in whole, \(figures.none) not at all")
            #expect(figures.none > 0 && figures.whole > 0)
        }
        try await log.expectSound()
    }
}
