extension Tampering {
    /// One byte of a body: at the ends and in the midst of whole and unfinished blocks.
    static let bodies =
        [Int64(0), 1, 255, 256, 431, 511, 512, 599].map { entry in
            Tampering(
                "a byte of the body of \(entry)", at: entry, says: "does not hash to its leaf hash",
                update(entry, "body = replace(body, '\"/test\"', '\"/tesT\"')"))
        } + [
            Tampering(
                "a body that is no event any more", at: 300, says: "canonical form",
                update(300, "body = left(body, -1)") + rehash(300)),
            Tampering(
                "a body that says the same in another form", at: 300, says: "canonical form",
                update(300, "body = replace(body, ',\"time\"', ', \"time\"')") + rehash(300)),
            Tampering(
                "a body and its leaf hash", at: 300, says: "content",
                update(300, "body = replace(body, '\"GET\"', '\"PUT\"')") + rehash(300)),
            Tampering(
                "a body, its leaf hash and what is recorded of its content", among: 256..<512, says: "hash",
                update(300, "body = replace(body, '\"GET\"', '\"PUT\"')") + rehash(300) + rekey(300)),
            Tampering(
                "the same, of the last of a block", among: 256..<512, says: "hash",
                update(511, "body = replace(body, '\"GET\"', '\"PUT\"')") + rehash(511) + rekey(511)),
            Tampering(
                "the same, in the unfinished block", among: 512..<600, says: "root",
                update(540, "body = replace(body, '\"GET\"', '\"PUT\"')") + rehash(540) + rekey(540)),
            Tampering(
                "the source in a body and its leaf hash", at: 300, says: "event key",
                update(300, "body = replace(body, '\"/test\"', '\"/tesT\"')") + rehash(300)),
            Tampering("a leaf hash", at: 300, says: "leaf hash", update(300, flip("leaf_hash"))),
            Tampering(
                "a leaf hash that is cut off", at: 300, says: "leaf hash",
                update(300, "leaf_hash = substr(leaf_hash, 1, 31)")),
        ]

    static let places = [
        Tampering("two bodies exchanged", at: 300, says: "leaf hash", swap(["body"], 420, 300)),
        Tampering(
            "two bodies and leaf hashes exchanged", at: 300, says: "column", swap(["body", "leaf_hash"], 300, 420)),
        Tampering("two entries exchanged whole", at: 300, says: "recorded at", swapPlaces(300, 420)),
        Tampering(
            "two entries exchanged, and their keys", among: 256..<512, says: "hash",
            swapPlaces(300, 420) + swapKeys(300, 420)),
        Tampering(
            "two entries of different blocks exchanged, and their keys", among: 0..<256, says: "hash",
            swapPlaces(30, 420) + swapKeys(30, 420)),
        Tampering(
            "two entries of the unfinished block exchanged, and their keys", among: 512..<600, says: "root",
            swapPlaces(531, 570) + swapKeys(531, 570)),
    ]

    private static func delete(_ entries: String) -> String {
        "DELETE FROM dossier.entries WHERE lane = $lane AND position IN (\(entries));"
    }
    private static func deleteKeys(_ entries: String) -> String {
        "DELETE FROM dossier.event_keys WHERE lane = $lane AND position IN (\(entries));"
    }

    static let removals = [
        Tampering("the last entry deleted", at: 599, says: "missing", delete("599")),
        Tampering("the last entry and its key deleted", at: 599, says: "missing", delete("599") + deleteKeys("599")),
        Tampering("the first entry deleted", at: 0, says: "missing", delete("0")),
        Tampering("an entry in the midst deleted", at: 300, says: "missing", delete("300")),
        Tampering(
            "an entry in the midst and its key deleted", at: 300, says: "missing", delete("300") + deleteKeys("300")),
        Tampering("two entries deleted", at: 77, says: "missing", delete("77, 500")),
        Tampering("all entries deleted", at: 0, says: "missing", "DELETE FROM dossier.entries WHERE lane = $lane"),
        Tampering(
            "an entry deleted and the rest moved up", at: 300, says: "recorded at",
            delete("300")
                + (301..<600).map { update($0, "position = \($0 - 1)") }.joined()
                + head("size = 599")),
        Tampering("an event key removed", at: 300, says: "event key", deleteKeys("300")),
        Tampering("the last event key removed", at: 599, says: "event key", deleteKeys("599")),
    ]

    /// Each index column: set to another value, and, where it may be, to none.
    static let columns =
        [
            ("server_id", "'6e2b3c5a-1f10-4f4e-9d21-8c1f6a0b7d33'"), ("type", "'com.example.other'"),
            ("operation", "'delete'"), ("http_status", "404"),
            ("occurred_at", "occurred_at + interval '1 microsecond'"),
            ("occurred_at", "'infinity'"), ("occurred_at", "'-infinity'"),
            ("recorded_at", "recorded_at - interval '1 microsecond'"), ("recorded_at", "'infinity'"),
            ("request_id", "'req-433'"), ("actor_user_id", "'user-9'"), ("project_id", "'project-9'"),
            ("host", "'lab@beta'"), ("host", "''"), ("status", "'active'"),
            ("server_id", "NULL"), ("operation", "NULL"), ("http_status", "NULL"), ("request_id", "NULL"),
            ("actor_user_id", "NULL"), ("project_id", "NULL"), ("host", "NULL"),
        ].map { name, value in column(name, value, of: 432) } + [
            column("status", "'error'", of: 431), column("status", "NULL", of: 431),
            column("operation", "'show'", of: 431), column("http_status", "200", of: 431),
            column("request_id", "'req-431'", of: 431), column("actor_user_id", "'user-1'", of: 431),
            column("project_id", "'project-9'", of: 599), column("host", "NULL", of: 599),
            column("operation", "'delete'", of: 0), column("operation", "'delete'", of: 255),
        ]

    private static func column(_ name: String, _ value: String, of entry: Int64) -> Tampering {
        Tampering(
            "\(name) of \(entry) set to \(value)", at: entry, says: "column \(name) ",
            update(entry, "\(name) = \(value)"))
    }

    static let several = [
        Tampering(
            "two bodies altered", at: 77, says: "leaf hash",
            update(500, "body = body || ' '") + update(77, "body = replace(body, '\"/test\"', '\"/tesT\"')")),
        Tampering(
            "a key removed before an altered body", at: 77, says: "event key",
            deleteKeys("77") + update(500, flip("leaf_hash"))),
        Tampering(
            "a key removed behind an altered body", at: 77, says: "leaf hash",
            deleteKeys("500") + update(77, flip("leaf_hash"))),
        Tampering(
            "a column altered before a deleted entry", at: 77, says: "column host ",
            update(77, "host = 'lab@beta'") + delete("78")),
    ]

    /// Recorded times that no longer run forward. Which of two neighbours was changed, hashes do not tell.
    static let times = [
        Tampering(
            "a recorded time put back, with everything that follows from it", at: 300, says: "recorded time",
            retimed(300, "2001-01-01T00:00:00.000000Z")),
        Tampering(
            "a recorded time put forward, with everything that follows from it", at: 300, says: "recorded time",
            retimed(300, "2999-01-01T00:00:00.000000Z")),
    ]

    private static func retimed(_ entry: Int64, _ time: String) -> String {
        update(
            entry,
            "body = regexp_replace(body, '\"recordedtime\":\"[^\"]*\"', '\"recordedtime\":\"\(time)\"'), recorded_at = '\(time)'"
        ) + rehash(entry)
    }
}
