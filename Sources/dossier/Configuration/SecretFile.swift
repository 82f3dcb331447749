import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that holds a secret and nothing else, such as systemd's credentials and the secrets of containers.
enum SecretFile {
    /// The secret that a file holds, without the line end behind it.
    ///
    /// - Parameter setting: Who names the file, for errors: `OS_PASSWORD_FILE`.
    /// - Throws: `Failure` where it cannot be read, or holds no secret of one line. What it holds is never told.
    static func read(_ path: String, for setting: String) throws(Failure) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw Failure(
                "\(setting): '\(path)' cannot be read",
                advice: "Name a file that is there, and that the user whom Dossier runs as may read.", status: .usage)
        }
        var text = String(decoding: bytes, as: UTF8.self)
        if text.last?.isNewline == true { text.removeLast() }
        guard !text.isEmpty else {
            throw Failure(
                "\(setting): '\(path)' is empty", advice: "Put the secret into it, in one line.", status: .usage)
        }
        guard !text.contains(where: { $0.isNewline || $0 == "\0" }) else {
            throw Failure(
                "\(setting): '\(path)' has several lines", advice: "Put the secret into it, in one line.",
                status: .usage)
        }
        return text
    }

    /// Whether its group or others may do anything with a file; nil where that cannot be told.
    static func isReadableByOthers(_ path: String) -> Bool? { mode(path).map { $0 & 0o077 != 0 } }

    /// What its owner, its group and others may do with a file; nil where that cannot be told.
    static func mode(_ path: String) -> Int? { attribute(.posixPermissions, of: path) }

    /// Whether a file is the user's whom this process runs as; so it is taken for where that cannot be told.
    static func isOwn(_ path: String) -> Bool {
        attribute(.ownerAccountID, of: path).map { $0 == Int(geteuid()) } ?? true
    }

    private static func attribute(_ name: FileAttributeKey, of path: String) -> Int? {
        let value = (try? FileManager.default.attributesOfItem(atPath: path))?[name]
        return value as? Int ?? (value as? UInt).map { Int($0) } ?? (value as? UInt32).map { Int($0) }
    }
}
