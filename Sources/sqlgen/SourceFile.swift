import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One `.sql` file: where it lies below its target's folder, and its lines.
struct SourceFile {
    let path: String
    /// Folders between the target's folder and the file.
    let topics: [String]
    /// The file's name without `.sql`.
    let name: String
    let lines: [String]

    init(path: String, folder: String) throws {
        self.path = path
        let root = folder.hasSuffix("/") ? folder : folder + "/"
        guard path.hasPrefix(root) else { throw SourceFault(place: path, reason: "lies outside \(folder)") }
        var parts = path.dropFirst(root.count).split(separator: "/").map(String.init)
        name = String(parts.removeLast().dropLast(".sql".count))
        topics = parts
        guard let text = String(data: try Data(contentsOf: URL(filePath: path)), encoding: .utf8) else {
            throw SourceFault(place: path, reason: "is not UTF-8")
        }
        guard !text.contains("\"\"\"##") else { throw SourceFault(place: path, reason: "holds \"\"\"##") }
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// `path:line`, as compilers write it.
    func place(_ line: Int) -> String { "\(path):\(line)" }
}

/// What is wrong in a source file, and where.
struct SourceFault: Error {
    let place: String
    let reason: String
}

/// The output of complaints.
enum FileHandle {
    static func complain(_ message: String) {
        let line = message + "\n"
        _ = line.withCString { write(2, $0, strlen($0)) }
    }
}

/// A Swift string literal of `text`, raw and over several lines, indented by `indent`.
func literal(_ text: String, indent: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        .map { $0.isEmpty ? "" : indent + $0 }
    return "##\"\"\"\n" + lines.joined(separator: "\n") + "\n\(indent)\"\"\"##"
}

/// `lock_head` as `lockHead`.
func camelCase(_ name: some StringProtocol) -> String {
    let parts = name.split(separator: "_")
    guard let first = parts.first else { return "" }
    return parts.dropFirst().reduce(String(first)) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
}

/// `lock_head` as `LockHead`.
func pascalCase(_ name: some StringProtocol) -> String {
    let camel = camelCase(name)
    return camel.prefix(1).uppercased() + camel.dropFirst()
}
