import DatabaseTesting
import EmbeddedPostgres
import Foundation
import Postgres
import Schema
import Testing

/// The page on backups, its commands run as they stand there, from one cluster to another.
@Suite(.timeLimit(.minutes(20))) struct BackupTests {
    // MARK: A dump

    @Test("A dump that is restored elsewhere, by no superuser, verifies, is as protected as before, and goes on")
    func dump() async throws {
        try await withDirectory { directory in
            try await TestCluster.with(directory + "/a") { old in
                var runbook = try await Runbook(directory, log: old.url)
                try await Migration.migrate(url: old.url, lanes: 3, partitionEntries: 1000)
                let events = try await runbook.done(["generate", "--events", "5000"])
                try await runbook.done(["import", "--database", old.url, "-"], input: events)
                try await runbook.done(["rebuild", "--database", old.url])
                try await runbook.done(["checkpoint", "--database", old.url])
                let backup = try await runbook.follow(Runbook.commands("A dump"), old)
                try #require(backup.status == 0, "\(backup.errors)")
                let heads = try await old.texts(TestCluster.heads)
                let projected = try await old.texts(TestCluster.projected)
                let protection = try await old.texts(TestCluster.protection)
                let partitions = try await old.texts("SELECT name FROM dossier.entry_partitions")
                #expect(heads.count == 3 && partitions.count >= 3 && projected[0].count > 1000)

                try await TestCluster.with(directory + "/b") { new in
                    try await new.execute("CREATE ROLE operator LOGIN CREATEROLE CREATEDB")
                    runbook.variables["SERVER"] = new.url + " user=operator"
                    runbook.variables["NEW"] = new.server.url(database: "log") + " user=operator"
                    let restored = try await runbook.follow(Runbook.commands("Restoring a dump"), new)
                    try #require(restored.status == 0, "\(restored.errors)")
                    #expect(restored.output.ranges(of: "entries verify").count == 3)
                    let compared = try await runbook.follow(Runbook.commands("Restoring a dump", 1), new)
                    #expect(compared.status == 0, "\(compared.errors)")
                    #expect(try await new.texts(TestCluster.heads, database: "log") == heads)
                    #expect(try await new.texts(TestCluster.projected, database: "log") == projected)
                    #expect(try await new.texts(TestCluster.protection, database: "log") == protection)
                    for table in ["entries"] + partitions {
                        for change in ["UPDATE dossier.\(table) SET lane = lane", "TRUNCATE dossier.\(table)"] {
                            await #expect("\(change)") {
                                try await new.execute(change, database: "log")
                            } throws: {
                                // raise_exception, for the superuser
                                ($0 as? PostgresError)?.sqlState == "P0001"
                            }
                        }
                    }
                    try await goesOn(runbook, new, "log", Lines.text(0..<1500), more: 1500)
                }
            }
        }
    }

    /// As the service's own login, appends new events, lets projections follow, and signs on.
    private func goesOn(
        _ runbook: Runbook, _ cluster: TestCluster, _ database: String, _ lines: String, more: Int
    ) async throws {
        let service = cluster.server.url(database: database) + " user=dossier_service"
        let counting = "SELECT count(*)::text FROM dossier.entries"
        let before = try #require(Int(try await cluster.texts(counting, database: database)[0]))
        try await runbook.serving(service) { _ in
            try await runbook.done(["import", "--database", service, "-"], input: lines)
            try await cluster.waitUntilLevel(database)
        }
        #expect(try await cluster.texts(counting, database: database) == ["\(before + more)"])
        // What was projected on is what the whole log gives.
        let projected = try await cluster.texts(TestCluster.projected, database: database)
        try await runbook.done(["rebuild", "--database", service])
        #expect(try await cluster.texts(TestCluster.projected, database: database) == projected)
        try await runbook.done(["checkpoint", "--database", service])
        try await runbook.done([
            "verify", "--database", service, "--checkpoint", runbook["CHECKPOINTS"], "--verifier-key",
            runbook["VERIFIER"],
        ])
    }

    @Test("A dump that is older than what was signed is found out, and its log goes on under another name")
    func older() async throws {
        try await withDirectory { directory in
            try await TestCluster.with(directory + "/a") { old in
                var runbook = try await Runbook(directory, log: old.url)
                try await runbook.done(["migrate", "--database", old.url])
                try await runbook.done(["import", "--database", old.url, "-"], input: Lines.text(0..<700))
                try await runbook.done(["checkpoint", "--database", old.url])
                let backup = try await runbook.follow(Runbook.commands("A dump"), old)
                try #require(backup.status == 0, "\(backup.errors)")
                try await runbook.done(["import", "--database", old.url, "-"], input: Lines.text(700..<1000))
                try await runbook.done(["checkpoint", "--database", old.url])
                try await runbook.done(["export", "--database", old.url, "--to", directory + "/export"])
                try await TestCluster.with(directory + "/b") { new in
                    runbook.variables["SERVER"] = new.url
                    runbook.variables["NEW"] = new.server.url(database: "log")
                    let restored = try await runbook.follow(Runbook.commands("Restoring a dump"), new)
                    #expect(restored.status == 0, "\(restored.errors)")
                    let compared = try await runbook.follow(Runbook.commands("Restoring a dump", 1), new)
                    #expect(compared.status == 2)
                    #expect(
                        compared.output.contains("1000 entries were signed, and the lane ends before 0/700"),
                        "\(compared)")
                    let refused = try await runbook.run(["checkpoint", "--database", runbook["NEW"]])
                    #expect(refused.status == 2 && refused.output.isEmpty)
                    #expect(refused.errors.contains("has 1000 entries, and the log only 700"), "\(refused.errors)")
                    runbook.variables.merge([
                        "ORIGIN": "audit.example/dossier-2", "KEY": directory + "/key2",
                        "NEW_CHECKPOINTS": directory + "/checkpoints2", "EXPORT": directory + "/export",
                    ]) { $1 }
                    try await underANewName(runbook, new)
                }
            }
        }
    }

    private func underANewName(_ runbook: Runbook, _ new: TestCluster) async throws {
        let followed = try await runbook.follow(Runbook.commands("What was lost"), new)
        try #require(followed.status == 0, "\(followed.errors)")
        #expect(followed.output.contains("audit.example/dossier-2\n1000\n"), "\(followed.output)")
        let ids = "SELECT string_agg(body::json ->> 'id', ' ' ORDER BY position) FROM dossier.entries"
        #expect(try await new.texts(ids, database: "log") == [(0..<1000).map { "e\($0)" }.joined(separator: " ")])
        // The old name's checkpoint of the part that came back holds; that of the lost part does not, nor is anything
        // signed under it again.
        try await runbook.done([
            "verify", "--database", runbook["NEW"], "--checkpoint", runbook["BACKUP"] + "/checkpoints",
            "--verifier-key",
            runbook["VERIFIER"],
        ])
        let lost = try await runbook.follow(Runbook.commands("Restoring a dump", 1), new)
        #expect(
            lost.status == 2 && lost.output.contains("not what was signed of the first 1000 entries"), "\(lost)")
        #expect(try await runbook.run(["checkpoint", "--database", runbook["NEW"]]).status == 2)
        // The export is the proof of what was lost.
        try await runbook.done([
            "verify", "--checkpoint", runbook["CHECKPOINTS"], "--export", runbook["EXPORT"], "--verifier-key",
            runbook["VERIFIER"],
        ])
    }

    // MARK: A base backup

    @Test("A base backup made while events come in has every event acknowledged before its end, verifies and goes on")
    func base() async throws {
        try await withDirectory { directory in
            try await TestCluster.with(directory + "/a") { old in
                var runbook = try await Runbook(directory, log: old.url)
                try await Migration.migrate(url: old.url, lanes: 2, partitionEntries: 1000)
                try await runbook.done([
                    "migrate", "--roles", "--database", old.url, "--service-password-file", runbook["PASSWORD"],
                ])
                try await Pushes.with { pushes in
                    let covered = try await backUp(runbook, old, pushes)
                    try await runbook.done(["checkpoint", "--database", old.url])
                    // As the page says: given to PostgreSQL's user, and put in place.
                    let given = try await Program.shell(
                        "mkdir -p \(directory)/b && mv \(directory)/backup/base \(directory)/b/data "
                            + "&& chown -R --reference=\(directory)/a/data \(directory)/b")
                    try #require(given.status == 0, "\(given.errors)")
                    try await TestCluster.with(directory + "/b") { new in
                        runbook.variables["NEW"] = new.url
                        try await expect(covered, of: pushes, in: new, runbook)
                    }
                }
            }
        }
    }

    /// Follows the page while events are pushed; what had been acknowledged when the backup had still to end.
    private func backUp(_ runbook: Runbook, _ old: TestCluster, _ pushes: Pushes) async throws -> [String: String] {
        var covered: [String: String] = [:]
        let service = old.url + " user=dossier_service"
        try await runbook.serving(service) { url in
            async let pushing: Void = pushes.run(url)
            try await wait(for: "pushes") { pushes.acknowledged.count > 500 }
            try await runbook.done(["checkpoint", "--database", service])
            // Slowed down, so that much comes in meanwhile.
            let commands = try Runbook.commands("A base backup")
                .replacing("pg_basebackup", with: "pg_basebackup --max-rate 8M")
            let backup = Task { [runbook] in try await runbook.follow(commands, old) }
            let before = pushes.acknowledged.count
            while true {
                let acknowledged = pushes.acknowledged
                let phases = try await old.texts("SELECT phase FROM pg_stat_progress_basebackup")
                if phases == ["streaming database files"] { covered = acknowledged }
                if phases.isEmpty, !covered.isEmpty { break }
                try await Task.sleep(for: .milliseconds(10))
            }
            let outcome = try await backup.value
            try #require(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("backup successfully verified") || outcome.output.contains("verified"))
            let end = pushes.acknowledged.count
            try await wait(for: "pushes") { pushes.acknowledged.count > end + 200 }
            await pushes.stop()
            await pushing
            #expect(covered.count > before, "nothing came in while the backup was made")
        }
        return covered
    }

    private func expect(
        _ covered: [String: String], of pushes: Pushes, in new: TestCluster, _ runbook: Runbook
    ) async throws {
        let verified = try await runbook.run([
            "verify", "--database", new.url, "--checkpoint", runbook["BACKUP"] + "/checkpoints", "--verifier-key",
            runbook["VERIFIER"],
        ])
        #expect(verified.status == 0, "\(verified)")
        let rows = try await new.texts(
            "SELECT (body::json ->> 'id') || ' ' || lane || '/' || position FROM dossier.entries")
        let stored = Dictionary(
            uniqueKeysWithValues: rows.map { row in
                let parts = row.split(separator: " ").map(String.init)
                return (parts[0], parts[1])
            })
        #expect(covered.filter { stored[$0.key] != $0.value } == [:])
        // What came in after the backup's end is not in it, was signed, and is missed.
        #expect(stored.count < pushes.acknowledged.count)
        let compared = try await runbook.follow(Runbook.commands("Restoring a dump", 1), new)
        #expect(
            compared.status == 2 && compared.output.contains("were signed, and the lane ends before"), "\(compared)")
        #expect(try await runbook.run(["checkpoint", "--database", new.url]).status == 2)
        print(
            "base backup: \(pushes.acknowledged.count) events acknowledged, \(covered.count) before its end was seen, "
                + "\(stored.count) in it")
        // It goes on as the log of the checkpoints that were copied with it.
        var on = runbook
        on.variables["CHECKPOINTS"] = runbook["BACKUP"] + "/checkpoints"
        on.variables["DOSSIER_CHECKPOINT_FILE"] = runbook["BACKUP"] + "/checkpoints"
        let lines = Lines.text(0..<pushes.sent.count)
        try await goesOn(on, new, "postgres", lines, more: pushes.sent.count - stored.count)
    }
}
