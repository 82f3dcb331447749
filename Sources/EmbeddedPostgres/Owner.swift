import Foundation
import Subprocess
import SystemPackage

/// The user that PostgreSQL runs as: ourselves, or somebody without rights where we are root.
struct Owner {
    /// Nil where it is ourselves.
    let user: (id: uid_t, group: gid_t, name: String)?

    init() throws(EmbeddedPostgresError) {
        guard geteuid() == 0 else {
            user = nil
            return
        }
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) {
                user = (entry.pointee.pw_uid, entry.pointee.pw_gid, name)
                return
            }
        }
        throw .noUnprivilegedUser
    }

    /// How programs are started: in a session of their own, because a Ctrl-C at the terminal is for Dossier and not for
    /// its database.
    var platformOptions: PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        return options
    }

    /// The words of a command that runs a program as that user.
    ///
    /// Another program changes the user: doing it between fork and exec of a process with threads can wait for ever for
    /// a thread that the child does not have. Source: glibc, `nptl/nptl_setxid.c`; seen with swift-subprocess 1.0.
    func words(_ program: String, _ arguments: [String]) -> [String] {
        guard let user else { return [program] + arguments }
        #if os(Linux)
            let change = ["setpriv", "--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups", "--"]
        #else
            let change = ["sudo", "-n", "-u", user.name, "--"]
        #endif
        return change + [program] + arguments
    }

    /// Makes a private folder that belongs to the user.
    ///
    /// Refuses what is there and not ours: a link that somebody left in a folder open to all would have its target
    /// given away.
    func makeDirectory(_ directory: String) throws(EmbeddedPostgresError) {
        var entry = stat()
        if lstat(directory, &entry) == 0 {
            guard entry.st_mode & S_IFMT == S_IFDIR, entry.st_uid == geteuid() || entry.st_uid == user?.id else {
                throw .directory(directory, reason: "it is there already and is not a folder of our own")
            }
        }
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw .directory(directory, reason: "it cannot be made: \(error.localizedDescription)")
        }
        guard chmod(directory, 0o700) == 0, user == nil || chown(directory, user!.id, user!.group) == 0 else {
            throw .directory(directory, reason: "it cannot be given to PostgreSQL: \(String(cString: strerror(errno)))")
        }
    }

    /// Refuses a folder that the user cannot reach because one above it is closed to others.
    func checkReach(_ directory: String) throws(EmbeddedPostgresError) {
        guard let user else { return }
        var parent = URL(fileURLWithPath: directory).deletingLastPathComponent()
        while true {
            var entry = stat()
            let isReached =
                stat(parent.path, &entry) == 0
                && (entry.st_mode & S_IXOTH != 0 || entry.st_uid == user.id && entry.st_mode & S_IXUSR != 0)
            guard isReached else {
                throw .directory(
                    directory,
                    reason:
                        "PostgreSQL runs as the user \(user.name), which may not enter \(parent.path); choose a folder "
                        + "elsewhere, such as /var/lib/dossier")
            }
            if parent.path == "/" { return }
            parent = parent.deletingLastPathComponent()
        }
    }
}
