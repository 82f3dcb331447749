/// Why there is no private PostgreSQL; named for what the caller must do.
public enum EmbeddedPostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Install PostgreSQL, or name its programs' folder in `PGBINDIR`.
    case notInstalled(lookedIn: [String])
    /// PostgreSQL does not run as root, and there is no user to run it as: run as another user.
    case noUnprivilegedUser
    /// The folder cannot be used: choose another, or mend what `reason` says.
    case directory(String, reason: String)
    /// Another process runs PostgreSQL in the folder: use that one, or end it.
    case inUse(directory: String, processID: Int32)
    /// The folder was made by another major version: upgrade it, or use that version's programs.
    case wrongVersion(directory: String, data: String, programs: String)
    /// PostgreSQL did not start; `reason` is the end of what it said.
    case failed(program: String, reason: String)

    public var description: String {
        switch self {
        case .notInstalled(let places):
            "PostgreSQL's programs initdb and postgres were not found in \(places.joined(separator: ", ")); install the "
                + "package postgresql, or set PGBINDIR to their folder"
        case .noUnprivilegedUser:
            "PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody' to run it as"
        case .directory(let directory, let reason): "\(directory): \(reason)"
        case .inUse(let directory, let processID):
            "\(directory) is in use by the PostgreSQL of process \(processID); stop that one first, or choose another folder"
        case .wrongVersion(let directory, let data, let programs):
            "\(directory) was made by PostgreSQL \(data), the programs found are PostgreSQL \(programs); set PGBINDIR to "
                + "those of \(data), or upgrade the folder with pg_upgrade"
        case .failed(let program, let reason): "\(program) failed: \(reason)"
        }
    }
}
