import DatabaseTesting
import Foundation
import Schema
import Testing

/// Several processes that append to the same lanes at once.
@Suite(.timeLimit(.minutes(20))) struct TwoWriterTests {
    @Test(
        "Two services and an import that take the same events keep each once, at one place", arguments: [Int16(1), 4])
    func sameEvents(lanes: Int16) async throws {
        try await withDirectory { directory in
            let cluster = try await Cluster(directory + "/pg")
            try await Migration.migrate(url: cluster.url, lanes: lanes, partitionEntries: 10_000)
            let servers = Lines.servers(0..<16)
            let file = directory + "/events.ndjson"
            try Lines.text(0..<4000, of: servers).write(toFile: file, atomically: false, encoding: .utf8)
            let (one, other) = (
                try await RunningProgram.serve(cluster.url), try await RunningProgram.serve(cluster.url)
            )
            try await Pushes.with(servers: servers) { ones in
                try await Pushes.with(servers: servers) { others in
                    async let first: Void = ones.run(one.url)
                    async let second: Void = others.run(other.url)
                    let imported = try await Program.run(["import", "--database", cluster.url, file])
                    #expect(imported.status == 0, "\(imported)")
                    try await ones.acknowledges(1000)
                    await ones.stop()
                    // The other goes on alone, with what is new to both.
                    try await others.acknowledges(1000)
                    await others.stop()
                    _ = await (first, second)
                    try await ones.pushAll(other.url)
                    try await others.pushAll(one.url)
                    let (those, these) = (ones.acknowledged, others.acknowledged)
                    #expect(those.filter { id, place in these[id] ?? place != place } == [:])
                    let log = StoredLog(url: cluster.url)
                    try await log.expect(those)
                    try await log.expect(these)
                    let most = max(4000, ones.sent.count, others.sent.count)
                    try await log.expectOnceEach((0..<most).map { "e\($0)" })
                    try await log.expectProjectionsAsRebuilt()
                }
            }
            #expect(try await one.program.end(SIGTERM) == 0)
            #expect(try await other.program.end(SIGTERM) == 0)
            await cluster.stop()
        }
    }
}
