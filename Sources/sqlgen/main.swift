import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

// sqlgen TARGET FOLDER OUTPUT FILE…
//
// TARGET Schema: every file is one migration, in order of name.
// TARGET Queries: every file is one statement; its folder is the topic, its name the function.

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 3 else {
    FileHandle.complain("usage: sqlgen TARGET FOLDER OUTPUT FILE…")
    exit(64)
}
do {
    let sources = try arguments[3...].map { try SourceFile(path: $0, folder: arguments[1]) }
    let swift =
        switch arguments[0] {
        case "Schema": try Migration.swift(from: sources)
        case "Queries": try StatementFile.swift(from: sources)
        default: throw SourceFault(place: arguments[0], reason: "unknown target; expected Schema or Queries")
        }
    try Data(swift.utf8).write(to: URL(filePath: arguments[2]))
} catch let fault as SourceFault {
    FileHandle.complain("\(fault.place): error: \(fault.reason)")
    exit(1)
} catch {
    FileHandle.complain("error: \(error)")
    exit(1)
}
