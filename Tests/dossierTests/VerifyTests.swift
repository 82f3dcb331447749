import DatabaseTesting
import Postgres
import ShareServers
import Testing

@Suite(.log) struct VerifyTests {
    /// Whole and unfinished blocks of 256 leaves.
    private static let entries = 600

    private func fill() async throws {
        let outcome = try await Program.run(
            ["import", "-"], environment: DatabaseTrait.environment, input: Lines.text(0..<Self.entries))
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    private func verify() async throws -> (outcome: Program.Outcome, fault: JSON?) {
        let outcome = try await Program.run(["verify", "--output", "json"], environment: DatabaseTrait.environment)
        return (outcome, try JSON(parsing: outcome.output).array?.first?["fault"])
    }

    private func expectFirstBadEntry(
        _ position: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let (outcome, fault) = try await verify()
        #expect(outcome.status == 2, sourceLocation: sourceLocation)
        #expect(fault?["position"]?.int == position, "\(outcome.output)", sourceLocation: sourceLocation)
        #expect(fault?["span"]?.int == 1, sourceLocation: sourceLocation)
    }

    @Test func aSoundLogVerifiesAndItsRootIsPrinted() async throws {
        try await fill()
        let outcome = try await Program.run(["verify"], environment: DatabaseTrait.environment)
        #expect(outcome.status == 0)
        #expect(outcome.output.wholeMatch(of: /lane 0: 600 entries verify, root [A-Za-z0-9+\/]{43}=\n/) != nil)
        #expect(outcome.errors.isEmpty)
    }

    @Test func anEmptyLogVerifies() async throws {
        let outcome = try await Program.run(["verify"], environment: DatabaseTrait.environment)
        #expect(outcome.status == 0)
        // SHA-256 of nothing.
        #expect(outcome.output == "lane 0: 0 entries verify, root 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
    }

    @Test(arguments: [0, 255, 256, 431, 599])
    func anAlteredByteIsFound(position: Int) async throws {
        try await fill()
        try await DatabaseTrait.tamper(
            "update dossier.entries set body = replace(body, '/test', '/tesT') where position = \(position)")
        try await expectFirstBadEntry(position)
    }

    @Test func swappedBodiesAreFound() async throws {
        try await fill()
        try await DatabaseTrait.tamper(
            """
            update dossier.entries entry set body = other.body
            from dossier.entries other
            where (entry.position, other.position) in ((300, 420), (420, 300))
            """)
        try await expectFirstBadEntry(300)
    }

    @Test func entriesThatChangedPlacesWithEverythingTheyHaveAreFound() async throws {
        try await fill()
        try await DatabaseTrait.tamper(
            """
            update dossier.entries set position = position + 1000000 where position in (300, 420);
            update dossier.entries set position = 420 where position = 1000300;
            update dossier.entries set position = 300 where position = 1000420;
            """)
        let (outcome, fault) = try await verify()
        #expect(outcome.status == 2)
        let position = try #require(fault?["position"]?.int)
        let span = try #require(fault?["span"]?.int)
        #expect((position..<position + span).contains(300))
    }

    @Test func aDeletedLastEntryIsFound() async throws {
        try await fill()
        try await DatabaseTrait.tamper("delete from dossier.entries where position = \(Self.entries - 1)")
        try await expectFirstBadEntry(Self.entries - 1)
    }

    @Test(arguments: [
        "operation = 'delete'", "http_status = 404", "occurred_at = occurred_at + interval '1 µs'",
        "request_id = null", "server_id = gen_random_uuid()", "host = 'lab@beta'",
    ])
    func anEditedIndexColumnIsFound(edit: String) async throws {
        try await fill()
        try await DatabaseTrait.tamper(
            "update dossier.entries set \(edit.replacing("µs", with: "microsecond")) where position = 432")
        try await expectFirstBadEntry(432)
    }

    @Test(arguments: [
        "delete from dossier.log_heads", "update dossier.log_settings set lanes = 2",
        "delete from dossier.log_settings",
        "insert into dossier.log_heads (lane, root) values (1, sha256(''))",
    ])
    func aLogThatIsNotWholeDoesNotVerify(change: String) async throws {
        try await fill()
        try await DatabaseTrait.tamper(change)
        let outcome = try await Program.run(["verify"], environment: DatabaseTrait.environment)
        #expect(outcome.status == 2, "\(outcome)")
        #expect(outcome.output.contains("does not verify"))
    }

    @Test func theFirstBadEntryIsNamedForPeopleToo() async throws {
        try await fill()
        try await DatabaseTrait.tamper("update dossier.entries set body = body || ' ' where position in (77, 500)")
        let outcome = try await Program.run(["verify"], environment: DatabaseTrait.environment)
        #expect(outcome.status == 2)
        #expect(outcome.output.hasPrefix("lane 0: does not verify: entry 0/77: "))
    }

    @Test func aLaneThatIsNotThereIsAUsageError() async throws {
        let outcome = try await Program.run(["verify", "--lane", "3"], environment: DatabaseTrait.environment)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("no lane 3"))
    }

    @Test func onATerminalProgressIsShownAndTakenAway() async throws {
        try await fill()
        let (status, shown) = try await Program.runOnTerminal(
            ["verify"], environment: DatabaseTrait.environment, columns: 70)
        #expect(status == 0)
        #expect(shown.contains("Verifying lane 0"))
        #expect(shown.contains("600 of 600 entries"))
        #expect(shown.contains("\r\u{1B}[Klane 0: 600 entries verify"))
    }
}
