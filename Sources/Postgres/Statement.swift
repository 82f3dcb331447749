/// One SQL statement as its file declares it.
public struct Statement: Sendable, Hashable {
    /// What the statement gives back.
    public enum Kind: Sendable, Hashable {
        case one, optional, many, execute, copyIn, copyOut
    }
    /// A column of the result: its name, and its type as `Statement.parameters` writes it.
    public struct Column: Sendable, Hashable {
        public let name: String
        public let type: String
    }

    /// `topic/verb_noun`; it travels in errors.
    public let name: String
    public let sql: String
    public let kind: Kind
    /// SQL types in order of `$n`; a trailing `?` says that null may be bound.
    public let parameters: [String]
    public let columns: [Column]

    public init(
        name: String, sql: String, kind: Kind = .many, parameters: [String] = [],
        columns: [(name: String, type: String)] = []
    ) {
        self.name = name
        self.sql = sql
        self.kind = kind
        self.parameters = parameters
        self.columns = columns.map { Column(name: $0.name, type: $0.type) }
    }
}

/// A statement with its parameters, and how a row of its answer is read.
public struct Query<Output: Sendable>: Sendable {
    public let statement: Statement
    public let bindings: Bindings
    public let decode: @Sendable (borrowing Row) throws(PostgresError) -> Output

    public init(
        statement: Statement, bindings: Bindings = Bindings(),
        decode: @escaping @Sendable (borrowing Row) throws(PostgresError) -> Output
    ) {
        self.statement = statement
        self.bindings = bindings
        self.decode = decode
    }
}

/// A statement with its parameters that answers with no rows.
public struct Command: Sendable {
    public let statement: Statement
    public let bindings: Bindings

    public init(statement: Statement, bindings: Bindings = Bindings()) {
        self.statement = statement
        self.bindings = bindings
    }
}

/// A `COPY … FROM STDIN` or `COPY … TO STDOUT`.
public struct Copy: Sendable {
    public let statement: Statement
    public init(statement: Statement) { self.statement = statement }
}
