import ShareServers

/// How the items of an answer are written: as rows of a table, as records of CSV, or as they came.
struct Listing: Sendable {
    /// One column of the table, and what it shows of an item.
    struct Column: Sendable {
        let column: Table.Column
        let cell: @Sendable (JSON) -> Table.Cell

        init(
            _ heading: String, least: Int? = nil, right: Bool = false, dispensable: Int? = nil,
            _ cell: @escaping @Sendable (JSON) -> Table.Cell
        ) {
            column = Table.Column(heading, least: least, right: right, dispensable: dispensable)
            self.cell = cell
        }
    }

    /// One field of CSV, and what it holds of an item.
    struct Field: Sendable {
        let name: String
        let value: @Sendable (JSON) -> String?

        init(_ name: String, _ value: @escaping @Sendable (JSON) -> String?) {
            self.name = name
            self.value = value
        }

        /// A field that holds the member of the same name.
        static func member(_ name: String) -> Field { Field(name) { $0.text(name) } }
    }

    /// The member of the answer that holds the items, such as `servers`.
    let items: String
    let columns: [Column]
    let fields: [Field]
    /// What is said, on standard error, where there are none.
    let none: String
    /// The rows and records that one item makes.
    var rows: @Sendable (JSON) -> [JSON] = { [$0] }
}

/// Writes the pages of a listing as they come: memory does not grow with their number.
struct ListingWriter: Sendable {
    let listing: Listing
    let format: OutputOptions.Format
    private var table: Table
    private var isFirst = true
    private(set) var count = 0

    init(_ listing: Listing, format: OutputOptions.Format, width: Int?, coloured: Bool) {
        self.listing = listing
        self.format = format
        table = Table(listing.columns.map(\.column), width: width, coloured: coloured)
    }

    /// The text of one page; the last one ends the document.
    mutating func text(of page: JSON, _ items: [JSON], isLast: Bool) -> String {
        defer {
            isFirst = false
            count += items.count
        }
        switch format {
        case .table:
            return items.isEmpty
                ? "" : table.lines(items.flatMap(listing.rows).map { row in listing.columns.map { $0.cell(row) } })
        case .csv:
            let records = items.flatMap(listing.rows).map { item in CSV.record(listing.fields.map { $0.value(item) }) }
            return (isFirst ? CSV.record(listing.fields.map(\.name)) : "") + records.joined()
        case .json:
            return json(of: page, items, isLast: isLast)
        }
    }

    /// One object with the items of all pages, an item a line, and what else the last page says.
    private func json(of page: JSON, _ items: [JSON], isLast: Bool) -> String {
        var text = isFirst ? "{\(JSON.string(listing.items).compact):[" : ""
        for (index, item) in items.enumerated() {
            text += (count + index == 0 ? "\n" : ",\n") + item.compact
        }
        guard isLast, case .object(let members) = page else { return text }
        text += "\n]"
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where name != listing.items {
            text += ",\n\(JSON.string(name).compact):\(value.compact)"
        }
        return text + "}\n"
    }
}

extension APIClient {
    /// Writes what `GET path?query` lists, up to `limit` items, to standard output.
    func write(
        _ listing: Listing, _ path: String, _ query: [(name: String, value: String?)], limit: Limit,
        _ options: OutputOptions
    ) async throws {
        var writer = ListingWriter(
            listing, format: options.output, width: Terminal.standardOutput.width, coloured: options.isColoured)
        let hasMore = try await pages(path, query, items: listing.items, limit: limit.count) { page, items, isLast in
            try await Output.standard.write(writer.text(of: page, items, isLast: isLast))
        }
        guard options.output == .table else { return }
        if writer.count == 0 {
            try await Output.diagnostics.write(listing.none + "\n")
        } else if hasMore {
            try await Output.diagnostics.write(
                "These are the first \(writer.count.description); there are more: --limit all\n")
        }
    }
}

extension APIClient {
    /// Writes what `GET path?query` lists in one answer, which has no pages, to standard output.
    func writeWhole(
        _ listing: Listing, _ path: String, _ query: [(name: String, value: String?)], _ options: OutputOptions
    ) async throws {
        var writer = ListingWriter(
            listing, format: options.output, width: Terminal.standardOutput.width, coloured: options.isColoured)
        let answer = try await get(path, query)
        try await Output.standard.write(writer.text(of: answer, answer.elements(listing.items), isLast: true))
        if options.output == .table, writer.count == 0 { try await Output.diagnostics.write(listing.none + "\n") }
    }
}
