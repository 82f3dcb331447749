import Foundation
import PackagePlugin

/// Turns the SQL of a target into Swift: `schema/*.sql` into ordered migrations, `queries/**/*.sql` into typed functions.
@main struct EmbedSQL: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        guard let target = target as? SwiftSourceModuleTarget else { return [] }
        let files = target.sourceFiles(withSuffix: ".sql").map(\.url).sorted { $0.path() < $1.path() }
        let output = context.pluginWorkDirectoryURL.appending(path: "\(target.name)+SQL.swift")
        return [
            .buildCommand(
                displayName: "Generating \(target.name) from \(files.count) SQL files",
                executable: try context.tool(named: "sqlgen").url,
                arguments: [target.name, target.directoryURL.path(), output.path()] + files.map { $0.path() },
                inputFiles: files,
                outputFiles: [output])
        ]
    }
}
