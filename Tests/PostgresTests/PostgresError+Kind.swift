import Postgres

extension PostgresError {
    /// Which case it is.
    enum Kind: Hashable {
        case unavailable, refused, cancelled, busy, misuse
    }

    var kind: Kind {
        switch self {
        case .unavailable: .unavailable
        case .refused: .refused
        case .cancelled: .cancelled
        case .busy: .busy
        case .misuse: .misuse
        }
    }
}

/// Whether an error says that its task was cancelled: before anything was sent, or by the server.
func isCancellation(_ error: any Error) -> Bool {
    error is CancellationError || (error as? PostgresError)?.kind == .cancelled
}

/// All that an error says in any of the ways in which it may be printed or looked into.
func everythingSaid(by error: some Error) -> String {
    var fields = ""
    dump(error, to: &fields)
    return [fields, String(describing: error), String(reflecting: error), "\(error)"].joined(separator: "\n")
}
