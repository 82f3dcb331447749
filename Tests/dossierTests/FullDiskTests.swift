import DatabaseTesting
import Foundation
import Postgres
import Schema
import ShareServers
import Testing

/// A disk of a few megabytes, which a test can fill.
private struct SmallDisk {
    let path: String

    /// Only root may mount one, and not in every container.
    static let isAllowed: Bool = {
        let path = FileManager.default.temporaryDirectory.appending(path: "mount-\(getpid())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard geteuid() == 0, mkdir(path, 0o700) == 0, mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else {
            return false
        }
        return umount2(path, 0) == 0
    }()

    static func with(megabytes: Int, at path: String, _ body: (SmallDisk) async throws -> Void) async throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try #require(mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m,mode=755") == 0)
        let result: Result<Void, any Error>
        do { result = .success(try await body(SmallDisk(path: path))) } catch { result = .failure(error) }
        // Lazily: what a failed test left behind may still use it.
        #expect(umount2(path, Int32(MNT_DETACH)) == 0)
        try result.get()
    }

    private var filler: String { path + "/filler" }

    /// Leaves no byte free.
    func fill() async throws {
        _ = try await Program.shell("cat /dev/zero > '\(filler)'")
    }

    func empty() throws { try FileManager.default.removeItem(atPath: filler) }
}

/// Disks that are full: what was acknowledged is kept, what is not is refused in clear words, and it goes on by itself.
@Suite(.enabled(if: SmallDisk.isAllowed, "only root may mount a disk to fill"), .timeLimit(.minutes(20)))
struct FullDiskTests {
    @Test("While the database's disk is full pushes are answered with 503 and the reason, and then go on")
    func database() async throws {
        try await withDirectory { directory in
            try await SmallDisk.with(megabytes: 192, at: directory + "/disk") { disk in
                let cluster = try await Cluster(disk.path + "/pg")
                try await Migration.migrate(url: cluster.url)
                let service = try await RunningProgram.serve(cluster.url)
                try await Pushes.with { pushes in
                    var next = 0
                    for _ in 0..<2 {
                        next = try await pushUntilRefused(pushes, service.url, from: next, disk, cluster)
                    }
                    try await StoredLog(url: cluster.url).expect(pushes.acknowledged)
                    try await pushes.pushAll(service.url)
                    try await StoredLog(url: cluster.url).expectOnceEach(pushes.sent)
                    try await StoredLog(url: cluster.url).expectProjectionsAsRebuilt()
                    print("Filled the database's disk twice: \(pushes.sent.count) events acknowledged, none lost")
                }
                #expect(try await service.program.end(SIGTERM) == 0)
                await cluster.stop()
            }
        }
    }

    /// Fills the disk, pushes until that is answered, makes room, and pushes until all is taken; the next number.
    private func pushUntilRefused(
        _ pushes: Pushes, _ url: String, from start: Int, _ disk: SmallDisk, _ cluster: Cluster
    ) async throws -> Int {
        var next = start
        #expect(await pushes.push(next..<next + 1000, to: url))
        next += 1000
        try await disk.fill()
        let deadline = ContinuousClock.now + .seconds(600)
        var refusal: (status: Int, body: [UInt8])?
        while refusal == nil {
            try #require(ContinuousClock.now < deadline, "a full disk takes everything")
            if await !pushes.push(next..<next + 1000, to: url) {
                refusal = await pushes.send(next..<next + 1000, to: url)
                if refusal?.status == 200 { refusal = nil }
            }
            next += 1000
        }
        #expect(refusal?.status == 503)
        let problem = try JSON(parsing: try #require(refusal).body)
        #expect(problem["detail"]?.string?.contains("database is away") == true, "\(problem)")
        try disk.empty()
        // Where it could not even write its log ahead PostgreSQL has stopped, and is started as systemd would.
        if (try? await StoredLog(url: cluster.url).texts("SELECT 'there'")) == nil {
            await cluster.kill()
            try await cluster.restart()
        }
        while await !pushes.push(start..<next, to: url) {
            try #require(ContinuousClock.now < deadline, "nothing is taken although there is room")
            try await Task.sleep(for: .milliseconds(100))
        }
        return next
    }

    @Test("While the spool's disk is full changing calls are refused unsent, and then go on")
    func spool() async throws {
        try await withDirectory { directory in
            let cluster = try await Cluster(directory + "/pg")
            try await Migration.migrate(url: cluster.url)
            try await SmallDisk.with(megabytes: 4, at: directory + "/disk") { disk in
                try await RunningGateway.withClient { client in
                    try await SlowManila.with { manila, upstream in
                        let gateway = try await RunningGateway.start(cluster.url, upstream, disk.path + "/spool")
                        var answered: Set<String> = []
                        func ask() async throws -> Int {
                            let (status, id) = try await gateway.delete(client)
                            if status == 202 { answered.insert(try #require(id)) }
                            return status
                        }
                        #expect(try await ask() == 202)
                        await cluster.kill()
                        for _ in 0..<20 { #expect(try await ask() == 202) }
                        try await disk.fill()
                        var status = 202
                        while status == 202 { status = try await ask() }
                        #expect(status == 503)
                        let passedOn = manila.count
                        for _ in 0..<20 { #expect(try await ask() == 503) }
                        #expect(manila.count == passedOn, "a call was passed on unrecorded")
                        try disk.empty()
                        for _ in 0..<20 { #expect(try await ask() == 202) }
                        try await cluster.restart()
                        try await gateway.recordsDirectly(client)
                        try await StoredLog(url: cluster.url).expectCalls(answered, passedOn: manila.count)
                        #expect(answered.count >= 41)
                        #expect(try await gateway.program.end(SIGTERM) == 0)
                    }
                }
            }
            try await StoredLog(url: cluster.url).expectSound()
            await cluster.stop()
        }
    }
}
