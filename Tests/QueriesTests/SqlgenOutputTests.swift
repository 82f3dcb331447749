import Testing

/// What `sqlgen` makes of good SQL. That it compiles is shown by the build.
@Suite(.enabled(if: Sqlgen.path != nil)) struct SqlgenOutputTests {
    private func generate(_ target: String, _ files: [String: String]) async throws -> String {
        let files = files.sorted { $0.key < $1.key }.map { (path: $0.key, bytes: Array($0.value.utf8)) }
        let outcome = try await Sqlgen.run(target, files)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors == "")
        return try #require(outcome.output)
    }

    @Test("A statement becomes a function of its topic, with its types, names and documentation")
    func function() async throws {
        let swift = try await generate(
            "Queries",
            [
                "big_things/fetch_thing_parts.sql": """
                -- The parts of a thing.
                -- $1 thing_id uuid  which
                -- $2 colours text[]?
                -- $3 limit integer
                -- returns: many
                --   part_id bigint
                --   made_at timestamptz?
                -- order: part_id ascending
                -- limit: $3
                select part_id, made_at from parts
                where thing = $1 limit $3;

                """
            ])
        for expected in [
            "public enum BigThings {", "public struct FetchThingParts: Sendable, Hashable {",
            "public var partId: Int64", "public var madeAt: Timestamp?", "/// The parts of a thing.",
            "///   - thingId: `uuid`; which", "/// Order: part_id ascending", "/// Limit: $3",
            "public static func fetchThingParts(thingId: UUID, colours: [String]?, limit: Int32) -> Query<FetchThingParts> {",
            #"name: "big_things/fetch_thing_parts","#, "kind: .many,",
            #"parameters: ["uuid", "text[]?", "integer"],"#,
            #"columns: [("part_id", "bigint"), ("made_at", "timestamptz?")])"#,
        ] { #expect(swift.contains(expected), "\(expected)\n\(swift)") }
        // Without the last semicolon.
        #expect(swift.contains("limit $3\n"))
    }

    @Test(
        "Each type of SQL has its type of Swift",
        arguments: [
            ("smallint", "Int16"), ("integer", "Int32"), ("bigint", "Int64"), ("double", "Double"), ("boolean", "Bool"),
            ("text", "String"), ("bytea", "Bytes"), ("uuid", "UUID"), ("timestamptz", "Timestamp"),
            ("json", "JSONText"),
            ("jsonb", "JSONText"), ("uuid[]", "[UUID]"), ("bigint[]?", "[Int64]?"), ("text?", "String?"),
        ])
    func types(sql: String, swift: String) async throws {
        let text = "-- The thing.\n-- $1 a \(sql)\n-- returns: one\n--   b \(sql)\nselect $1 as b\n"
        let generated = try await generate("Queries", ["topic/fetch_thing.sql": text])
        #expect(generated.contains("fetchThing(a: \(swift)) -> Query<FetchThing>"))
        #expect(generated.contains("public var b: \(swift)\n"))
        #expect(generated.contains("optional: 0") == sql.hasSuffix("?"))
    }

    @Test("Statements are listed in order of topic and name, each once")
    func order() async throws {
        let text = "-- Does a thing.\n-- returns: nothing\nselect 1\n"
        let generated = try await generate(
            "Queries", ["b/apply_a.sql": text, "a/apply_b.sql": text, "a/apply_a.sql": text])
        let listed = generated.split(separator: "\n").filter { $0.hasSuffix("Statement,") || $0.hasSuffix("Statement") }
        #expect(
            listed.map { $0.filter { $0 != " " && $0 != "," } } == [
                "A.applyAStatement", "A.applyBStatement", "B.applyAStatement",
            ])
    }

    @Test("Migrations are listed in order of their numbers, and nothing in them is taken for Swift")
    func migrations() async throws {
        let generated = try await generate(
            "Schema", ["m002_b.sql": "select '\\n \"\"\" \\(x) #\"';\n", "m001_a.sql": "select 1;\n\n  select 2;\n"])
        let first = try #require(generated.ranges(of: #"number: 1, name: "m001_a","#).first)
        let second = try #require(generated.ranges(of: #"number: 2, name: "m002_b","#).first)
        #expect(first.lowerBound < second.lowerBound)
        #expect(generated.contains("select '\\n \"\"\" \\(x) #\"';"))
    }
}
