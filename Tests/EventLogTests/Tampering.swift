import Testing

/// Something that somebody with a superuser's rights does to a log of 600 entries, and what must be found.
///
/// In the SQL, `$lane` is the lane. The entries make two whole blocks of 256 and an unfinished one.
struct Tampering: Sendable, CustomTestStringConvertible {
    let what: String
    let sql: String
    /// The entry, or the entries, that are to be named; the first of them is where the lane ceases to be sound.
    let entries: Range<Int64>
    /// What the reason must speak of.
    let reason: String

    var testDescription: String { what }

    init(_ what: String, at entry: Int64, says reason: String, _ sql: String) {
        self.init(what, among: entry..<entry + 1, says: reason, sql)
    }

    init(_ what: String, among entries: Range<Int64>, says reason: String, _ sql: String) {
        self.what = what
        self.sql = sql
        self.entries = entries
        self.reason = reason
    }

    static let size: Int64 = 600
    static let blocks: [Range<Int64>] = [0..<256, 256..<512, 512..<600]
    static func block(of entry: Int64) -> Range<Int64> { blocks.first { $0.contains(entry) }! }

    // MARK: - Pieces of SQL

    static func update(_ entry: Int64, _ assignments: String) -> String {
        "UPDATE dossier.entries SET \(assignments) WHERE lane = $lane AND position = \(entry);"
    }

    /// Makes an entry's leaf hash fit its body.
    static func rehash(_ entry: Int64) -> String {
        update(entry, #"leaf_hash = sha256('\x00'::bytea || convert_to(body, 'UTF8'))"#)
    }

    /// Makes what is recorded under an entry's event key fit its body.
    static func rekey(_ entry: Int64) -> String {
        """
        UPDATE dossier.event_keys k SET content_hash =
            sha256(convert_to(regexp_replace(body, '"recordedtime":"[^"]*",', ''), 'UTF8'))
        FROM dossier.entries e
        WHERE e.lane = $lane AND e.position = \(entry) AND k.lane = e.lane AND k.position = e.position;
        """
    }

    /// Puts entries at one another's positions, whole.
    static func swapPlaces(_ a: Int64, _ b: Int64) -> String {
        update(a, "position = 9999") + update(b, "position = \(a)") + update(9999, "position = \(b)")
    }

    static func swapKeys(_ a: Int64, _ b: Int64) -> String {
        """
        UPDATE dossier.event_keys SET position = \(a + b) - position
        WHERE lane = $lane AND position IN (\(a), \(b));
        """
    }

    /// Exchanges columns of two entries.
    static func swap(_ columns: [String], _ a: Int64, _ b: Int64) -> String {
        """
        UPDATE dossier.entries e SET \(columns.map { "\($0) = o.\($0)" }.joined(separator: ", "))
        FROM dossier.entries o
        WHERE e.lane = $lane AND o.lane = $lane AND (e.position, o.position) IN ((\(a), \(b)), (\(b), \(a)));
        """
    }

    static func head(_ assignment: String) -> String {
        "UPDATE dossier.log_heads SET \(assignment) WHERE lane = $lane;"
    }

    static func flip(_ column: String, _ byte: Int = 5) -> String {
        "\(column) = set_byte(\(column), \(byte), get_byte(\(column), \(byte)) # 1)"
    }
}
