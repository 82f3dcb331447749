/// What is done beside the entries: to heads, settings, subtrees and event keys.
extension RandomTamperingKind {
    static let heads = [
        RandomTamperingKind(name: "a head's size") { draw in
            var size = draw.size
            while size == draw.size { size = draw.entry(0..<2 * draw.size) }
            return RandomTampering(
                "a head of \(size) entries", draw.lane, at: min(size, draw.size), Tampering.head("size = \(size)"))
        },
        RandomTamperingKind(name: "a head's tree") { draw in
            let column = draw.pick(["root", "frontier"])
            let bytes = column == "root" ? 32 : draw.size.nonzeroBitCount * 32
            let change = draw.pick([
                Tampering.flip(column, Int.random(in: 0..<bytes, using: &draw.random)), "\(column) = ''",
                "\(column) = substr(\(column), 2)", "\(column) = sha256(\(column))",
            ])
            return RandomTampering(
                "a head's \(change)", draw.lane, among: draw.block(of: draw.size - 1, size: draw.size),
                Tampering.head(change))
        },
        RandomTamperingKind(name: "a head's recorded time") { draw in
            let change = draw.pick(["- interval '1 microsecond'", "+ interval '1 second'", "+ interval '1000 years'"])
            return RandomTampering(
                "a head's recorded time \(change)", draw.lane, at: draw.size - 1,
                Tampering.head("recorded_at = recorded_at \(change)"))
        },
        RandomTamperingKind(name: "a head deleted") { draw in
            RandomTampering("no head", draw.lane, at: 0, "DELETE FROM dossier.log_heads WHERE lane = $lane")
        },
        RandomTamperingKind(name: "the settings deleted") { draw in
            RandomTampering(
                "no settings", draw.lane, at: 0, "DELETE FROM dossier.log_settings", beside: draw.others(at: 0))
        },
    ]

    static let subtrees = [
        RandomTamperingKind(name: "a subtree's hash", entries: 256) { draw in
            let index = draw.entry(0..<draw.size / 256)
            let change = draw.pick([
                "SET hash = set_byte(hash, 7, get_byte(hash, 7) # 128)", "SET hash = ''", "SET index = index + 1000",
                "SET level = 2",
            ])
            return RandomTampering(
                "\(change) of subtree \(index)", draw.lane, among: index * 256..<index * 256 + 256,
                "UPDATE dossier.subtrees \(change) WHERE lane = $lane AND level = 1 AND index = \(index)")
        },
        RandomTamperingKind(name: "a subtree deleted", entries: 256) { draw in
            let index = draw.entry(0..<draw.size / 256)
            return RandomTampering(
                "subtree \(index) deleted", draw.lane, among: index * 256..<index * 256 + 256,
                "DELETE FROM dossier.subtrees WHERE lane = $lane AND level = 1 AND index = \(index)")
        },
        RandomTamperingKind(name: "two subtrees exchanged", entries: 512) { draw in
            let index = draw.entry(0..<draw.size / 256 - 1)
            return RandomTampering(
                "subtrees \(index) and \(index + 1) exchanged", draw.lane, among: index * 256..<index * 256 + 256,
                """
                UPDATE dossier.subtrees s SET hash = o.hash FROM dossier.subtrees o
                WHERE s.lane = $lane AND o.lane = $lane AND (s.index, o.index) IN
                    ((\(index), \(index + 1)), (\(index + 1), \(index)))
                """)
        },
        RandomTamperingKind(name: "a subtree added") { draw in
            let (level, index) = draw.pick([(1, draw.size / 256), (1, 700), (2, 0), (3, 1)])
            return RandomTampering(
                "a subtree \(level)/\(index) added", draw.lane, at: draw.size,
                "INSERT INTO dossier.subtrees VALUES ($lane, \(level), \(index), sha256(''))")
        },
    ]

    static let keys = [
        RandomTamperingKind(name: "an event key") { draw in
            let entry = draw.entry()
            let change = draw.pick([
                "content_hash = sha256(content_hash)", "content_hash = ''", "event_key = gen_random_uuid()",
                "position = position + 1", "position = -1", "lane = 999",
            ])
            return RandomTampering(
                "\(change) of the key of \(entry)", draw.lane, at: entry,
                "UPDATE dossier.event_keys SET \(change) WHERE lane = $lane AND position = \(entry)",
                // One that says no lane keeps an event out of every one.
                beside: change == "lane = 999" ? draw.ends() : [:])
        },
        RandomTamperingKind(name: "an event key deleted") { draw in
            let entry = draw.entry()
            return RandomTampering(
                "the key of \(entry) deleted", draw.lane, at: entry,
                "DELETE FROM dossier.event_keys WHERE lane = $lane AND position = \(entry)")
        },
        RandomTamperingKind(name: "two event keys exchanged") { draw in
            let (a, b) = draw.two()
            return RandomTampering("the keys of \(a) and \(b) exchanged", draw.lane, at: a, Tampering.swapKeys(a, b))
        },
        RandomTamperingKind(name: "an event key added") { draw in
            let entry = draw.entry(0..<2 * draw.size)
            return RandomTampering(
                "a second key of \(entry)", draw.lane, at: draw.size,
                "INSERT INTO dossier.event_keys VALUES (gen_random_uuid(), $lane, \(entry), sha256(''))")
        },
        RandomTamperingKind(name: "an event key of no lane added") { draw in
            RandomTampering(
                "a key of lane 999", draw.lane, at: draw.size,
                "INSERT INTO dossier.event_keys VALUES (gen_random_uuid(), 999, 0, sha256(''))", beside: draw.ends())
        },
    ]
}

extension Draw {
    /// The end of every other lane.
    fileprivate func ends() -> [Int16: Int64] {
        let others = (0..<log.lanes).filter { $0 != lane }
        return Dictionary(uniqueKeysWithValues: others.map { ($0, Int64(log.lines[Int($0)].count)) })
    }
}
