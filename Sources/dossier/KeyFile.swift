import FoundationEssentials
import TransparencyLog

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A signing key on disk, which nobody but its owner may read.
enum KeyFile {
    /// Writes a new key; a file that is there stays as it is.
    static func create(_ key: SigningKey, at path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            if errno == EEXIST {
                throw Failure(
                    "\(path) is there already",
                    advice: "A key that is lost cannot be had again: give another name, or move it away first.")
            }
            throw failure("written", path)
        }
        defer { close(file) }
        // Whatever the umask.
        let bytes = Array((key.secret + "\n").utf8)
        guard fchmod(file, 0o600) == 0, write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            let failure = failure("written", path)
            unlink(path)
            throw failure
        }
    }

    /// - Throws: `Failure` where it cannot be read, is no signing key, or where others than its owner can read what is this
    ///   user's, or write to it.
    static func read(_ path: String) throws -> SigningKey {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("read", path) }
        defer { close(file) }
        // What a secret manager mounts is not ours to change; who may read it is its choice, but nobody else may write it.
        guard let mode = SecretFile.mode(path), mode & (SecretFile.isOwn(path) ? 0o077 : 0o022) == 0 else {
            throw Failure(
                "the signing key \(path) can be read by its group or by others",
                advice: "Make it its owner's alone: chmod 600 \(path.shellWord). Who has read it can sign for the log.")
        }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = systemRead(file, &bytes)
        guard count >= 0 else { throw failure("read", path) }
        do {
            return try SigningKey(secret: String(decoding: bytes[..<count], as: UTF8.self))
        } catch {
            throw Failure("\(path): \(error)", advice: "'dossier keys generate' makes one.")
        }
    }

    private static func failure(_ what: String, _ path: String) -> Failure {
        Failure("\(path) cannot be \(what): \(String(cString: strerror(errno)))")
    }
}

/// `read(2)`, whose name the method above hides.
private func systemRead(_ file: Int32, _ bytes: inout [UInt8]) -> Int { read(file, &bytes, bytes.count) }
