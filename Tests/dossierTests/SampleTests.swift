import Foundation
import Testing

@testable import dossier

@Suite struct SampleTests {
    @Test func theCommandsNameTheRichestServerAndAnotherThatWasRefused() {
        let commands = Sample.commands(
            [
                .init(id: "a", visits: 2, refusals: 0, hasFailed: false),
                .init(id: "b", visits: 3, refusals: 9, hasFailed: true),
                .init(id: "c", visits: 4, refusals: 1, hasFailed: false),
            ], program: "dossier")
        #expect(
            commands == [
                "dossier servers", "dossier history b", "dossier events --server c --http-status 4xx",
            ])
    }

    @Test func withNoServersThereAreThreeCommandsAllTheSame() {
        #expect(Sample.commands([], program: "x").count == 3)
    }

    @Test(arguments: ["plain", "/a/b.c", "with space", "it's", "", "$(reboot)", "a\nb", "'", "ünï"])
    func wordsPassTheShellUnchanged(word: String) async throws {
        let outcome = try await Program.shell("printf %s " + word.shellWord)
        #expect(outcome.output == word)
    }
}
