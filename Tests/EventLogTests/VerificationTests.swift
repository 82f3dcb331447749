import Crypto
import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Synchronization
import Testing

/// Whatever is done to a lane, verification names the first entry that is not what it was.
@Suite(.database) struct VerificationTests {
    private func filled(_ entries: Int = 600, lanes: Int16 = 1) async throws -> LogInTest {
        let log = try await LogInTest.open(lanes: lanes)
        // Calls and sightings by turns, so that every index column is somewhere filled.
        _ = try await log.log.append((0..<entries).map { try $0 % 2 == 0 ? .call($0) : .status($0) })
        await log.log.close()
        return log
    }

    @Test(arguments: [0, 1, 255, 256, 257, 1000, 3000]) func aSoundLogVerifies(entries: Int) async throws {
        let log = try await filled(entries)
        let verification = try await log.verify()[0]
        #expect(verification.fault == nil)
        #expect(verification.entries == Int64(entries))
        #expect(verification.root == root(try await log.bodies(0).map { Array($0.utf8) }[...]))
    }

    @Test func eachLaneIsATreeOfItsOwn() async throws {
        let log = try await filled(900, lanes: 4)
        for verification in try await log.verify() {
            #expect(verification.fault == nil)
            let bodies = try await log.bodies(verification.lane.number)
            #expect(!bodies.isEmpty)
            #expect(verification.root == root(bodies.map { Array($0.utf8) }[...]))
        }
    }

    /// RFC 6962, section 2.1, as it is written there.
    private func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        if leaves.isEmpty { return Array(SHA256.hash(data: [UInt8]())) }
        if leaves.count == 1 { return Array(SHA256.hash(data: [0] + leaves[leaves.startIndex])) }
        var half = 1
        while half * 2 < leaves.count { half *= 2 }
        let middle = leaves.startIndex + half
        return Array(SHA256.hash(data: [1] + root(leaves[..<middle]) + root(leaves[middle...])))
    }

    /// Source: the columns of m001; position 300 is a call, 301 a sighting.
    @Test(arguments: [
        ("server_id = gen_random_uuid()", 300), ("server_id = null", 300),
        ("type = 'org.openstack.manila.share_server.status'", 300), ("operation = 'delete'", 300),
        ("operation = null", 300), ("status = 'error'", 301), ("status = 'active'", 300), ("http_status = 500", 300),
        ("http_status = null", 300), ("occurred_at = occurred_at + interval '1 microsecond'", 300),
        ("recorded_at = recorded_at - interval '1 microsecond'", 300), ("request_id = 'req-x'", 300),
        ("actor_user_id = 'u2'", 300), ("project_id = 'p9'", 300), ("host = 'lab@gamma'", 300),
        ("host = null", 301), ("leaf_hash = set_byte(leaf_hash, 31, 1 - get_byte(leaf_hash, 31) % 2)", 300),
        ("leaf_hash = ''", 300), ("body = body || ' '", 300), ("body = replace(body, 'u1', 'u2')", 300),
        ("body = ''", 300), ("body = '{}'", 300),
    ])
    func anEditedColumnIsFound(edit: String, position: Int64) async throws {
        let log = try await filled()
        try await log.tamper("UPDATE dossier.entries SET \(edit) WHERE position = \(position)")
        let fault = try #require(try await log.fault())
        #expect(fault.position == Position(lane: 0, index: position))
        #expect(fault.span == 1)
    }

    @Test func theFirstOfSeveralBadEntriesIsNamed() async throws {
        let log = try await filled()
        try await log.tamper("UPDATE dossier.entries SET host = 'x' WHERE position IN (17, 300, 599)")
        #expect(try await log.fault()?.position == Position(lane: 0, index: 17))
    }

    /// Body, leaf hash and every column changed together, so that the row agrees with itself.
    @Test func anEntryReplacedWithAllThatBelongsToItIsFoundByItsKey() async throws {
        let log = try await filled()
        try await log.tamper(
            """
            UPDATE dossier.entries SET body = replace(body, 'u1', 'u2'), actor_user_id = 'u2',
                leaf_hash = sha256('\\x00'::bytea || convert_to(replace(body, 'u1', 'u2'), 'UTF8'))
            WHERE position = 300
            """)
        let fault = try #require(try await log.fault())
        #expect(fault.position.index == 300)
        #expect(fault.reason.contains("content"))
    }

    /// With its content hash too: then only the tree tells, to the block of 256 or the unfinished rest.
    @Test(arguments: [(300, 256, 256), (550, 512, 88)])
    func anEntryReplacedWithItsKeyIsFoundByTheTree(position: Int64, first: Int64, span: Int64) async throws {
        let log = try await filled()
        let body = try await log.bodies(0)[Int(position)].replacing("u1", with: "u2")
        let event = try Array(body.utf8).withUnsafeBytes { try Event(decoding: $0) }
        let hash = event.contentHash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        try await log.tamper(
            """
            UPDATE dossier.entries SET body = replace(body, 'u1', 'u2'), actor_user_id = 'u2',
                leaf_hash = sha256('\\x00'::bytea || convert_to(replace(body, 'u1', 'u2'), 'UTF8'))
            WHERE position = \(position);
            UPDATE dossier.event_keys SET content_hash = '\\x\(hash)' WHERE position = \(position)
            """)
        let fault = try #require(try await log.fault())
        #expect(fault.position.index == first)
        #expect(fault.span == span)
    }

    @Test(arguments: [
        ("DELETE FROM dossier.entries WHERE position = 599", 599),
        ("DELETE FROM dossier.entries WHERE position = 0", 0),
        ("DELETE FROM dossier.entries WHERE position = 256", 256),
        ("DELETE FROM dossier.entries WHERE position >= 400", 400),
        ("DELETE FROM dossier.entries", 0),
        ("UPDATE dossier.entries SET position = 600 WHERE position = 20", 20),
        (
            """
            INSERT INTO dossier.entries
            SELECT (jsonb_populate_record(entry, '{"position": 600}')).* FROM dossier.entries entry WHERE position = 3
            """, 600
        ),
        ("DELETE FROM dossier.event_keys WHERE position = 77", 77),
        ("UPDATE dossier.event_keys SET position = 78 WHERE position = 77", 77),
        ("UPDATE dossier.event_keys SET content_hash = sha256('') WHERE position = 77", 77),
        ("UPDATE dossier.event_keys SET event_key = gen_random_uuid() WHERE position = 599", 599),
        ("INSERT INTO dossier.event_keys VALUES (gen_random_uuid(), 0, 600, '')", 600),
        ("UPDATE dossier.subtrees SET hash = sha256('') WHERE index = 1", 256),
        ("DELETE FROM dossier.subtrees WHERE index = 0", 0),
        ("INSERT INTO dossier.subtrees VALUES (0, 1, 2, sha256(''))", 600),
        ("UPDATE dossier.log_heads SET size = 599", 599),
        ("UPDATE dossier.log_heads SET size = 601", 600),
        ("UPDATE dossier.log_heads SET recorded_at = recorded_at + interval '1 second'", 599),
    ])
    func whateverIsRemovedAddedOrMovedIsFound(statement: String, position: Int64) async throws {
        let log = try await filled()
        try await log.tamper(statement)
        let fault = try #require(try await log.fault(), "\(statement)")
        #expect(fault.position.index == position, "\(statement): \(fault)")
    }

    @Test(arguments: ["root", "frontier"]) func aChangedHeadIsFound(column: String) async throws {
        let log = try await filled()
        try await log.tamper(
            "UPDATE dossier.log_heads SET \(column) = set_byte(\(column), 0, 255 - get_byte(\(column), 0))")
        let fault = try #require(try await log.fault())
        #expect(fault.position.index == 512)
        #expect(fault.span == 88)
    }

    @Test func twoEntriesThatChangedPlacesWithAllThatBelongsToThemAreFound() async throws {
        let log = try await filled()
        try await log.tamper(
            """
            UPDATE dossier.entries SET position = 5000 WHERE position = 100;
            UPDATE dossier.entries SET position = 100 WHERE position = 102;
            UPDATE dossier.entries SET position = 102 WHERE position = 5000
            """)
        #expect(try await log.fault()?.position.index == 100)
    }

    @Test func anEntryMovedToAnotherLaneIsFoundInBoth() async throws {
        let log = try await filled(400, lanes: 4)
        let sizes = try await log.verify().map(\.entries)
        try await log.tamper(
            "UPDATE dossier.entries SET lane = 1, position = \(sizes[1]) WHERE lane = 0 AND position = 5")
        let verifications = try await log.verify()
        #expect(verifications[0].fault?.position == Position(lane: 0, index: 5))
        #expect(verifications[1].fault?.position == Position(lane: 1, index: sizes[1]))
        #expect(verifications[2].fault == nil)
        #expect(verifications[3].fault == nil)
    }

    @Test func progressIsTold() async throws {
        let log = try await filled(2500)
        let pool = Pool(url: log.url, limit: 1)
        let told = Mutex<[Int64]>([])
        _ = try await Verification.verify(lane: 0, pool: pool) { done, total in
            told.withLock { $0.append(done) }
            #expect(total == 2500)
        }
        #expect(told.withLock { $0 } == [1024, 2048, 2500])
        await pool.close()
    }
}
