import Postgres

@testable import Schema

/// A log of two lanes and three partitions that was written, and is checked, by SQL alone.
enum FilledLog {
    /// Entries of lane 0: two partitions are begun, and four subtrees complete.
    static let size = 1300

    /// RFC 6962, section 2.1, over the bodies of a lane.
    private static let tree = """
        CREATE FUNCTION pg_temp.mth(wanted smallint, low bigint, high bigint) RETURNS bytea LANGUAGE plpgsql AS
        $mth$
        DECLARE
            half bigint := 1;
        BEGIN
            IF high = low THEN RETURN sha256(''); END IF;
            IF high - low = 1 THEN
                RETURN sha256('\\x00' || convert_to(
                    (SELECT body FROM dossier.entries WHERE lane = wanted AND position = low), 'UTF8'));
            END IF;
            WHILE half * 2 < high - low LOOP half := half * 2; END LOOP;
            RETURN sha256('\\x01' || pg_temp.mth(wanted, low, low + half) || pg_temp.mth(wanted, low + half, high));
        END
        $mth$;
        """

    /// Migrates and fills a database. The bodies are what a dump could spoil: quotes, backslashes, tabs, `\N`, `\.`,
    /// characters outside of ASCII and of the basic plane, and nothing.
    static func fill(_ database: Database) async throws {
        try await Migration.migrate(url: database.url, lanes: 2, partitionEntries: 1000)
        try await database.execute(
            """
            SELECT dossier.create_partitions(2001);
            INSERT INTO dossier.entries (lane, position, occurred_at, recorded_at, server_id, http_status, type, host,
                leaf_hash, body)
            SELECT lane, position, '2026-01-01 00:00:00.000001+00'::timestamptz + position * interval '1.000003 s',
                '2026-02-01+00'::timestamptz, CASE WHEN position % 3 > 0 THEN gen_random_uuid() END,
                nullif(position % 5, 0)::int, 'org.example', 'h\\st' || chr(9) || position,
                sha256('\\x00' || convert_to(body, 'UTF8')), body
            FROM (VALUES (0::smallint, \(size)), (1::smallint, 5)) AS each (lane, size),
                LATERAL generate_series(0, size - 1) AS position,
                LATERAL (SELECT CASE position % 6 WHEN 0 THEN '' WHEN 1 THEN '\\N' WHEN 2 THEN '\\.'
                    WHEN 3 THEN '{"quoted":"\\u0000 '' \\\\ ' || chr(9) || '"}' WHEN 4 THEN 'é' || chr(128516)
                    ELSE repeat('long ', 2000) END || CASE WHEN position < 6 THEN '' ELSE position::text END) AS b (body);
            INSERT INTO dossier.event_keys
            SELECT gen_random_uuid(), lane, position, sha256(leaf_hash) FROM dossier.entries;
            INSERT INTO dossier.servers (lane, server_id, status, attributes)
            SELECT lane, server_id, 'active', '{"host": "a"}' FROM dossier.entries WHERE server_id IS NOT NULL;
            \(tree)
            INSERT INTO dossier.subtrees
            SELECT 0, 1, index, pg_temp.mth(0::smallint, index * 256, index * 256 + 256)
            FROM generate_series(0, \(size / 256 - 1)) AS index;
            UPDATE dossier.log_heads SET size = CASE lane WHEN 0 THEN \(size) ELSE 5 END;
            UPDATE dossier.log_heads SET root = pg_temp.mth(lane, 0, size), frontier = sha256(root)
            """)
    }

    /// The number and the digest of the rows of every table.
    static func rows(_ database: Database) async throws -> [String] {
        var all: [String] = []
        for table in try await database.texts(
            """
            SELECT format('dossier.%I', relname) FROM pg_class
            WHERE relnamespace = 'dossier'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1
            """)
        {
            let digest = try await database.texts(
                "SELECT count(*) || ' ' || md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM \(table) AS t")[0]
            all.append("\(table) \(digest)")
        }
        return all
    }

    /// What does not agree with the bodies.
    static func faults(_ database: Database) async throws -> [String] {
        let connection = try await Connection.open(database.url)
        let query = Query<String>(
            statement: Statement(
                name: "faults",
                sql: """
                    SELECT 'entry ' || lane || '/' || position FROM dossier.entries
                    WHERE leaf_hash <> sha256('\\x00' || convert_to(body, 'UTF8'))
                    UNION ALL
                    SELECT 'size of ' || lane FROM dossier.log_heads h
                    WHERE size <> (SELECT count(*) FROM dossier.entries e WHERE e.lane = h.lane)
                    UNION ALL
                    SELECT 'root of ' || lane FROM dossier.log_heads WHERE root <> pg_temp.mth(lane, 0, size)
                    UNION ALL
                    SELECT 'subtree ' || index FROM dossier.subtrees
                    WHERE hash <> pg_temp.mth(lane, index * 256, index * 256 + 256)
                    UNION ALL
                    SELECT 'key of ' || lane || '/' || position FROM dossier.entries
                    LEFT JOIN dossier.event_keys USING (lane, position)
                    WHERE content_hash IS DISTINCT FROM sha256(leaf_hash)
                    """)
        ) { row throws(PostgresError) in try row[0] }
        let faults = try await connection.run { connection in
            try connection.execute(tree)
            return try connection.fetchAll(query)
        }
        await connection.close()
        return faults
    }
}
