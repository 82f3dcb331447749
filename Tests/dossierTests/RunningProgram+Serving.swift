import Foundation
import Testing

extension RunningProgram {
    /// Runs `body` while `dossier serve` answers at the URL; it ends in order then.
    static func serving(
        _ arguments: [String], environment: [String: String], _ body: (_ url: String) async throws -> Void
    ) async throws {
        let running = try await start(
            ["serve", "--listen", "127.0.0.1:0"] + arguments, environment: environment, ready: "Dossier answers at")
        let url = try #require(running.output.firstMatch(of: /Dossier answers at (http:\/\/[0-9.:]+)/)?.1)
        do {
            try await body(String(url))
        } catch {
            _ = try await running.end(SIGTERM)
            throw error
        }
        #expect(try await running.end(SIGTERM) == 0)
    }
}
