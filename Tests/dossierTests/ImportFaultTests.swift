import DatabaseTesting
import Testing

/// How a fault in a file is told to people.
@Suite(.log) struct ImportFaultTests {
    private func faults(_ input: String) async throws -> String {
        try await Program.run(["import", "-"], environment: DatabaseTrait.environment, input: input).errors
    }

    @Test func whereElementsShareALineTheNumberOfTheBadOneIsTold() async throws {
        let events = Lines.events(0..<3)
        let bad = events[1].replacing("\"id\"", with: "\"ident\"")
        let told = try await faults("[\(events[0]),\(bad),\(events[2])]")
        #expect(told.contains("standard input:1: element 2: id: "), "\(told)")
    }

    @Test func whereEachHasALineTheLineIsEnough() async throws {
        let events = Lines.events(0..<3)
        let bad = events[1].replacing("\"id\"", with: "\"ident\"")
        let told = try await faults("\(events[0])\n\n\(bad)\n\(events[2])\n")
        #expect(told.contains("standard input:3: id: "), "\(told)")
    }
}
