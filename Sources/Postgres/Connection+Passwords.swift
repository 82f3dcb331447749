import CLibPQ

extension Connection {
    /// What the server keeps of a password, and takes in its place in `PASSWORD '…'`: the password itself never leaves this
    /// process, and stands in no log of the server.
    ///
    /// By the method that the server is set to, usually SCRAM-SHA-256. Source: libpq documentation,
    /// `PQencryptPasswordConn`.
    public func hide(password: String, of user: String) throws(PostgresError) -> String {
        let connection = try open
        guard let hidden = PQencryptPasswordConn(connection, password, user, nil) else { throw connectionError() }
        defer { PQfreemem(hidden) }
        return String(cString: hidden)
    }
}
