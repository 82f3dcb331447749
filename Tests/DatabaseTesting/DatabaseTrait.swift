import Foundation
public import Testing

/// Gives each test a database of its own, cloned from a template and dropped afterwards.
public struct DatabaseTrait: TestTrait, SuiteTrait, TestScoping {
    /// The running test's database, as libpq reads it.
    @TaskLocal public static var url = ""

    let template: String
    let prepare: @Sendable (_ url: String) async throws -> Void
    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        try await Turns.shared.wait { try await provideDatabase(function) }
    }

    private func provideDatabase(_ function: @concurrent @Sendable () async throws -> Void) async throws {
        let template = try await Templates.shared.database(template, prepare)
        let name = "test_" + UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased()
        try await Templates.shared.clone(template, as: name)
        let result: Result<Void, any Error>
        do {
            let url = try await TestServer.url(database: name)
            try await Self.$url.withValue(url) { try await function() }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await Templates.shared.drop(name)
        try result.get()
    }
}

extension Trait where Self == DatabaseTrait {
    /// An empty database.
    public static var database: DatabaseTrait {
        DatabaseTrait(template: "empty") { _ in }
    }

    /// A database like the one that `prepare` makes, once a process, of an empty one.
    public static func database(
        template: String, prepare: @escaping @Sendable (_ url: String) async throws -> Void
    ) -> DatabaseTrait {
        DatabaseTrait(template: template, prepare: prepare)
    }
}
