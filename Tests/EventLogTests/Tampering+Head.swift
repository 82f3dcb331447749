extension Tampering {
    private static func insert(_ entry: Int64) -> String {
        """
        INSERT INTO dossier.entries (lane, position, occurred_at, recorded_at, server_id, http_status, type, operation,
            status, request_id, actor_user_id, project_id, host, leaf_hash, body)
        SELECT lane, \(entry), occurred_at, recorded_at, server_id, http_status, type, operation, status, request_id,
            actor_user_id, project_id, host, leaf_hash, body
        FROM dossier.entries WHERE lane = $lane AND position = 599;
        """
    }

    /// What is beside the entries: head, keys and subtrees. Hashes of whole blocks vouch for those blocks.
    static let surroundings = [
        Tampering("a subtree hash altered", among: 256..<512, says: "hash", subtree("SET \(flip("hash"))", 1)),
        Tampering("the first subtree hash altered", among: 0..<256, says: "hash", subtree("SET \(flip("hash"))", 0)),
        Tampering(
            "a subtree hash removed", among: 0..<256, says: "hash",
            "DELETE FROM dossier.subtrees WHERE lane = $lane AND level = 1 AND index = 0"),
        Tampering(
            "a subtree beyond the head", at: 600, says: "subtree",
            "INSERT INTO dossier.subtrees VALUES ($lane, 1, 2, sha256(''))"),
        Tampering(
            "a subtree of a level that is not reached", at: 600, says: "subtree",
            "INSERT INTO dossier.subtrees VALUES ($lane, 2, 0, sha256(''))"),

        Tampering("a head that counts one more", at: 600, says: "missing", head("size = 601")),
        Tampering("a head that counts a block more", at: 600, says: "missing", head("size = 856")),
        Tampering("a head that counts one less", at: 599, says: "beyond the head", head("size = 599")),
        Tampering("a head that counts nothing", at: 0, says: "beyond the head", head("size = 0")),
        Tampering("a frontier altered", among: 512..<600, says: "root", head(flip("frontier"))),
        Tampering("a frontier altered at its end", among: 512..<600, says: "root", head(flip("frontier", 127))),
        Tampering(
            "a frontier cut off", among: 512..<600, says: "root", head("frontier = substr(frontier, 1, 96)")),
        Tampering("a root altered", among: 512..<600, says: "root", head(flip("root"))),
        Tampering(
            "a head's recorded time put back", at: 599, says: "recorded",
            head("recorded_at = recorded_at - interval '1 microsecond'")),
        Tampering(
            "a head's recorded time put forward", at: 599, says: "recorded",
            head("recorded_at = recorded_at + interval '1 day'")),
        Tampering(
            "a head's recorded time of the beginning", at: 599, says: "recorded", head("recorded_at = '-infinity'")),

        Tampering("an entry right beyond the head", at: 600, says: "beyond the head", insert(600)),
        Tampering("an entry far beyond the head", at: 777, says: "beyond the head", insert(777)),
        Tampering(
            "an entry beyond the head that the head counts", at: 600, says: "recorded at",
            insert(600) + head("size = 601")),

        Tampering(
            "an event key added", at: 600, says: "event keys",
            "INSERT INTO dossier.event_keys VALUES (gen_random_uuid(), $lane, 600, sha256(''))"),
        Tampering(
            "an event key added for an entry that has one", at: 600, says: "event keys",
            "INSERT INTO dossier.event_keys VALUES (gen_random_uuid(), $lane, 300, sha256(''))"),
        Tampering(
            "an event key moved to another entry", at: 300, says: "recorded at",
            "UPDATE dossier.event_keys SET position = 301 WHERE lane = $lane AND position = 300"),
        Tampering(
            "the content recorded under an event key altered", at: 300, says: "content",
            "UPDATE dossier.event_keys SET \(flip("content_hash")) WHERE lane = $lane AND position = 300"),
        Tampering(
            "an event key replaced by another", at: 300, says: "event key",
            "UPDATE dossier.event_keys SET event_key = gen_random_uuid() WHERE lane = $lane AND position = 300"),
    ]

    private static func subtree(_ change: String, _ index: Int64) -> String {
        "UPDATE dossier.subtrees \(change) WHERE lane = $lane AND level = 1 AND index = \(index)"
    }
}
