import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// What stands in a row.
@Suite(.database) struct BodyTests {
    /// The canonical form of `RFC 8785`'s example, as data of an event.
    ///
    /// Source: RFC 8785, sections 3.2.2 to 3.2.4; names are in order of their UTF-16 code units.
    private static let sent = #"""
        { "type": "com.example.other", "time":"2026-11-23T09:55:14.984208Z",
          "source" : "/test", "specversion":"1.0", "zone": "\u00e9", "id":"e-\u0031", "note": true,
          "recordedtime": "1999-01-01T00:00:00Z",
          "data": {
            "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
          } }
        """#
    private static let stored = (
        head: #"{"data":{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
            + #""string":"€$\u000f\nA'B\"\\\\\"/"},"id":"e-1","note":true,"recordedtime":""#,
        tail: #"","source":"/test","specversion":"1.0","time":"2026-11-23T09:55:14.984208Z","#
            + #""type":"com.example.other","zone":"é"}"#
    )

    @Test("A body is the exact canonical bytes, with the recorded time in its place", arguments: [Int16(1), 4])
    func canonicalBody(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: [try Made.read(Self.sent)])
        let body: String = try await log.one("SELECT body FROM dossier.entries")
        let recorded: String = try await log.one(
            #"SELECT to_char(recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM dossier.entries"#)
        #expect(Array(body.utf8) == Array((Self.stored.head + recorded + Self.stored.tail).utf8))
        let agrees: Bool = try await log.one(
            #"SELECT leaf_hash = sha256('\x00'::bytea || convert_to(body, 'UTF8')) FROM dossier.entries"#)
        #expect(agrees)
        try await log.expectSound()
    }

    @Test("A body of 65,535 bytes is stored whole", arguments: [Int16(1), 4])
    func largestBody(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let empty = try await bytes(of: "", 0, in: log)
        #expect(try await bytes(of: String(repeating: "x", count: 65_535 - empty), 1, in: log) == 65_535)
        #expect(throws: EventError.self) { try Made.word(String(repeating: "x", count: 65_536 - empty), 2) }
        try await log.expectSound()
    }

    private func bytes(of word: String, _ number: Int, in log: TestLog) async throws -> Int {
        let positions = try await log.append(new: [try Made.word(word, number)])
        let count: Int32 = try await log.one(
            "SELECT octet_length(body) FROM dossier.entries WHERE position = \(positions[0].index)")
        return Int(count)
    }

    @Test("Beside a body stands an index over it", arguments: [Int16(1), 4])
    func indexColumns(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let server = log.server
        // The numbers of a reading call, a failing call and a sighting, and an event that nobody knows.
        try await log.append(new: try Made.events(0..<3, of: server))
        try await log.append(new: [try Made.read(Self.sent)])
        let rows: [String] = try await log.all(
            """
            SELECT concat_ws('|', to_char(occurred_at, 'HH24:MI:SS.US'), coalesce(server_id::text, '-'), type,
                coalesce(operation, '-'), coalesce(status, '-'), coalesce(http_status::text, '-'),
                coalesce(request_id, '-'), coalesce(actor_user_id, '-'), coalesce(project_id, '-'), coalesce(host, '-'))
            FROM dossier.entries ORDER BY occurred_at, type DESC
            """)
        let id = server.uuidString.lowercased()
        let prefix = "org.openstack.manila.share_server."
        #expect(
            rows == [
                "09:55:14.984208|\(id)|\(prefix)call|show|-|200|req-0|user-0|project-0|lab@alpha",
                "09:55:14.984208|-|com.example.other|-|-|-|-|-|-|-",
                "09:55:15.984208|\(id)|\(prefix)call|migration_start|-|409|req-1|user-1|project-1|lab@alpha",
                "09:55:16.984208|\(id)|\(prefix)status|-|active|-|-|-|project-2|lab@alpha",
            ])
    }
}
