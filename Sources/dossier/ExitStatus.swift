/// What the process answers to whoever started it.
///
/// Source: `sysexits.h` for `usage`; 128 + SIGINT for `interrupted`, as shells report it.
enum ExitStatus: Int32, Sendable {
    case done = 0
    /// Something that was asked for was not done, wholly or in part.
    case failed = 1
    /// `verify` found an entry that was altered, moved or removed.
    case unverified = 2
    /// The command line does not say what to do.
    case usage = 64
    /// Ctrl-C.
    case interrupted = 130
}
