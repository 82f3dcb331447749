import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import TransparencyLog

/// What is removed, moved and added.
extension RandomTamperingKind {
    /// Rows are moved by way of positions that none has.
    private static let away: Int64 = 5000

    private static func delete(_ condition: String) -> String {
        "DELETE FROM dossier.entries WHERE lane = $lane AND \(condition);"
    }
    private static func deleteKeys(_ condition: String) -> String {
        "DELETE FROM dossier.event_keys WHERE lane = $lane AND \(condition);"
    }
    /// Moves all from an entry on, and what their keys say.
    private static func shift(from entry: Int64, by distance: Int64) -> String {
        """
        UPDATE dossier.entries SET position = position + \(away) WHERE lane = $lane AND position >= \(entry);
        UPDATE dossier.entries SET position = position - \(away - distance) WHERE lane = $lane AND position >= \(away);
        UPDATE dossier.event_keys SET position = position + \(distance) WHERE lane = $lane AND position >= \(entry);
        """
    }

    static let places = [
        RandomTamperingKind(name: "entries deleted") { draw in
            let entries = (0..<Int.random(in: 1...4, using: &draw.random)).map { _ in draw.entry() }.sorted()
            let these = "position IN (\(entries.map { "\($0)" }.joined(separator: ", ")))"
            let withKeys = Bool.random(using: &draw.random)
            return RandomTampering(
                "\(these) deleted\(withKeys ? ", with their keys" : "")", draw.lane, at: entries[0],
                delete(these) + (withKeys ? deleteKeys(these) : ""))
        },
        RandomTamperingKind(name: "two bodies exchanged") { draw in
            let (a, b) = draw.two()
            let columns = draw.pick([["body"], ["body", "leaf_hash"]])
            return RandomTampering(
                "\(columns) of \(a) and \(b) exchanged", draw.lane, at: a, Tampering.swap(columns, a, b))
        },
        RandomTamperingKind(name: "two entries exchanged") { draw in
            let (a, b) = draw.two()
            return RandomTampering("\(a) and \(b) exchanged", draw.lane, at: a, Tampering.swapPlaces(a, b))
        },
        RandomTamperingKind(name: "two entries exchanged with their keys") { draw in
            // Of one time of recording: else that tells before the tree does.
            let times = draw.log.recorded[Int(draw.lane)]
            var (a, b) = draw.two()
            while times[Int(a)] != times[Int(b)] { (a, b) = draw.two() }
            return RandomTampering(
                "\(a) and \(b) exchanged, with their keys", draw.lane, among: draw.tree(of: a, size: draw.size),
                Tampering.swapPlaces(a, b) + Tampering.swapKeys(a, b))
        },
        RandomTamperingKind(name: "an entry moved to another lane") { draw in
            let entry = draw.entry()
            let other = (draw.lane + 1) % max(2, draw.log.lanes)
            let isLane = other < draw.log.lanes
            let end = isLane ? Int64(draw.log.lines[Int(other)].count) : 0
            let place = end + Int64.random(in: 0...9, using: &draw.random)
            return RandomTampering(
                "\(entry) moved to \(other)/\(place)", draw.lane, at: entry,
                Tampering.update(entry, "lane = \(other), position = \(place)"), beside: isLane ? [other: place] : [:])
        },
        RandomTamperingKind(name: "an entry added beyond the end") { draw in
            let (entry, place) = (draw.entry(), draw.size + draw.entry(0..<300))
            return RandomTampering(
                "a copy of \(entry) at \(place)", draw.lane, at: place,
                "INSERT INTO dossier.entries SELECT (jsonb_populate_record(e, '{\"position\": \(place)}')).* "
                    + "FROM dossier.entries e WHERE lane = $lane AND position = \(entry)")
        },
    ]

    static let shifts = [
        RandomTamperingKind(name: "an entry deleted and the rest moved up") { draw in
            let entry = draw.entry(0..<draw.size - 1)
            // Of a block that is not whole, what is missing of what was signed tells before the root of the head.
            let isWhole = entry < (draw.size - 1) / 256 * 256
            return RandomTampering(
                "\(entry) deleted, and the rest moved up", draw.lane,
                among: isWhole ? draw.tree(of: entry, size: draw.size - 1) : draw.gap(of: entry),
                delete("position = \(entry)") + deleteKeys("position = \(entry)") + shift(from: entry + 1, by: -1)
                    + Tampering.head("size = size - 1"))
        },
        RandomTamperingKind(name: "an entry added and the rest moved down") { draw in
            let entry = draw.entry()
            let forged = draw.line(entry).replacing("\"id\":\"e-", with: "\"id\":\"f-")
            // A line of the test's own, of which the id alone is another.
            let event = try! Event.stored(Array(forged.utf8)).event
            let hasKey = Bool.random(using: &draw.random)
            return RandomTampering(
                "a forged \(entry)\(hasKey ? " with its key" : ""), and the rest moved down", draw.lane,
                among: hasKey ? draw.tree(of: entry, size: draw.size + 1) : entry..<entry + 1,
                shift(from: entry, by: 1)
                    + """
                    INSERT INTO dossier.entries
                    SELECT (jsonb_populate_record(e, jsonb_build_object('position', \(entry), 'body', \(forged.literal)))).*
                    FROM dossier.entries e WHERE lane = $lane AND position = \(entry + 1);
                    """ + Tampering.rehash(entry) + Tampering.head("size = size + 1")
                    + (hasKey
                        ? """
                        INSERT INTO dossier.event_keys
                        VALUES ('\(event.key.uuidString)', $lane, \(entry), '\\x\(event.contentHash.hex)');
                        """ : ""))
        },
        RandomTamperingKind(name: "a rewritten end, with tree and head") { draw in
            let entry = draw.call()
            var lines = draw.lines
            let altered = [entry] + (0..<5).map { _ in draw.call(entry..<draw.size) }
            for entry in Set(altered) {
                lines[Int(entry)] = lines[Int(entry)].replacing(#""method":"GET""#, with: #""method":"PUT""#)
            }
            let bodies = Set(altered).map { Tampering.update($0, "body = \(lines[Int($0)].literal)") }
            return RandomTampering(
                "\(Set(altered).sorted()) and the whole tree from there", draw.lane, among: draw.gap(of: entry),
                bodies.joined() + Set(altered).map { Tampering.rehash($0) + Tampering.rekey($0) }.joined()
                    + tree(lines, from: entry),
                isSoundInItself: true)
        },
        RandomTamperingKind(name: "an entry deleted, the rest moved up, with tree and head") { draw in
            let entry = draw.entry(0..<draw.size - 1)
            var lines = draw.lines
            lines.remove(at: Int(entry))
            return RandomTampering(
                "\(entry) deleted, and the whole tree from there", draw.lane, among: draw.gap(of: entry),
                delete("position = \(entry)") + deleteKeys("position = \(entry)") + shift(from: entry + 1, by: -1)
                    + tree(lines, from: entry),
                isSoundInItself: true)
        },
    ]

    /// Makes subtrees and head fit other bodies.
    private static func tree(_ lines: [String], from entry: Int64) -> String {
        var frontier = Frontier()
        var blocks = "DELETE FROM dossier.subtrees WHERE lane = $lane AND index >= \(lines.count / 256);"
        for line in lines {
            frontier.append(Merkle.leaf(Array(line.utf8))) { subtree in
                guard Int64(subtree.index) >= entry / 256 else { return }
                blocks += """
                    UPDATE dossier.subtrees SET hash = '\\x\(subtree.hash.bytes.hex)'
                    WHERE lane = $lane AND level = \(subtree.level) AND index = \(subtree.index);
                    """
            }
        }
        return blocks
            + Tampering.head(
                "size = \(lines.count), frontier = '\\x\(frontier.bytes.hex)', root = '\\x\(frontier.root.bytes.hex)'")
    }

    static let tails = [
        RandomTamperingKind(name: "a tail cut off") { draw in
            let cut = draw.entry()
            let withKeys = Bool.random(using: &draw.random)
            return RandomTampering(
                "all from \(cut) on\(withKeys ? ", with their keys" : "")", draw.lane, at: cut,
                delete("position >= \(cut)") + (withKeys ? deleteKeys("position >= \(cut)") : ""))
        },
        RandomTamperingKind(name: "a tail cut off, and the size put back") { draw in
            let cut = draw.entry()
            return RandomTampering(
                "all from \(cut) on, with keys, subtrees and size", draw.lane,
                among: draw.gap(of: cut).lowerBound..<cut + 1,
                delete("position >= \(cut)") + deleteKeys("position >= \(cut)")
                    + "DELETE FROM dossier.subtrees WHERE lane = $lane AND index >= \(cut / 256);"
                    + Tampering.head("size = \(cut)"))
        },
        RandomTamperingKind(name: "a tail cut off, and all put back to match") { draw in
            let cut = draw.entry()
            let agreed = draw.gap(of: cut).lowerBound
            let times = draw.log.recorded[Int(draw.lane)]
            let time = cut == 0 ? "'-infinity'" : "'\(Timestamp(microseconds: times[Int(cut) - 1]))'"
            return RandomTampering(
                "all from \(cut) on, and the head put back", draw.lane, among: agreed..<cut + 1,
                delete("position >= \(cut)") + deleteKeys("position >= \(cut)")
                    + tree(Array(draw.lines.prefix(Int(cut))), from: cut) + Tampering.head("recorded_at = \(time)"),
                isSoundInItself: true)
        },
    ]

    /// Entries per partition, the fewest that there may be.
    static let partition: Int64 = 1000

    private static let detach = """
        ALTER TABLE dossier.log_entries DETACH PARTITION dossier.entries_p000000;
        ALTER TABLE dossier.log_entries DETACH PARTITION dossier.entries_p000001;
        """

    static let partitions = [
        RandomTamperingKind(name: "a partition taken away", entries: partition + 1) { draw in
            let statement = draw.pick([
                "ALTER TABLE dossier.log_entries DETACH PARTITION dossier.entries_p000001",
                "DROP TABLE dossier.entries_p000001", "TRUNCATE dossier.entries_p000001",
            ])
            return RandomTampering(statement, draw.lane, at: partition, statement)
        },
        RandomTamperingKind(name: "the first partition taken away") { draw in
            let statement = draw.pick([
                "ALTER TABLE dossier.log_entries DETACH PARTITION dossier.entries_p000000",
                "TRUNCATE dossier.entries_p000000",
            ])
            return RandomTampering(statement, draw.lane, at: 0, statement, beside: draw.others(at: 0))
        },
        RandomTamperingKind(name: "two partitions exchanged", entries: partition + 1) { draw in
            return RandomTampering(
                "the first two partitions exchanged", draw.lane, at: 0,
                detach + """
                    UPDATE dossier.entries_p000000 SET position = position + \(partition);
                    UPDATE dossier.entries_p000001 SET position = position - \(partition);
                    ALTER TABLE dossier.log_entries ATTACH PARTITION dossier.entries_p000001
                        FOR VALUES FROM (0) TO (\(partition));
                    ALTER TABLE dossier.log_entries ATTACH PARTITION dossier.entries_p000000
                        FOR VALUES FROM (\(partition)) TO (\(2 * partition));
                    """, beside: draw.others(at: 0))
        },
    ]
}

extension Draw {
    /// One entry of every other lane.
    func others(at entry: Int64) -> [Int16: Int64] {
        Dictionary(uniqueKeysWithValues: (0..<log.lanes).filter { $0 != lane }.map { ($0, entry) })
    }
}
