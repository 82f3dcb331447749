/// Rows under headings, in columns as wide as they need to be and together no wider than the terminal.
///
/// The layout is fixed by the first rows, so that a table of any length can be written page by page.
struct Table: Sendable {
    struct Column: Sendable {
        let heading: String
        /// The least width it is cut to where the terminal is narrow; nil: it is never cut.
        let least: Int?
        /// Whether values stand at the right edge.
        let right: Bool
        /// Which columns go first where cutting is not enough: those of the highest number; nil: it never goes.
        let dispensable: Int?

        init(_ heading: String, least: Int? = nil, right: Bool = false, dispensable: Int? = nil) {
            self.heading = heading
            self.least = least
            self.right = right
            self.dispensable = dispensable
        }
    }

    struct Cell: Sendable, ExpressibleByStringLiteral {
        let text: String
        let style: Style

        init(_ text: String?, _ style: Style = .plain) {
            self.text = (text ?? "").escapedForTerminal
            self.style = style
        }

        init(stringLiteral text: String) { self.init(text) }
    }

    let columns: [Column]
    /// Columns of the terminal; nil: nothing is cut.
    let width: Int?
    let coloured: Bool
    /// Nil for a column that has gone.
    private var widths: [Int?]?

    private static let gap = 2

    init(_ columns: [Column], width: Int?, coloured: Bool) {
        self.columns = columns
        self.width = width
        self.coloured = coloured
    }

    /// The lines of `rows`, each with a line feed; the first call puts the headings before them.
    mutating func lines(_ rows: [[Cell]]) -> String {
        var text = ""
        let widths: [Int?]
        if let fixed = self.widths {
            widths = fixed
        } else {
            widths = layout(rows)
            self.widths = widths
            text += line(columns.map { Cell($0.heading, .bold) }, widths)
        }
        for row in rows { text += line(row, widths) }
        return text
    }

    private func line(_ cells: [Cell], _ widths: [Int?]) -> String {
        var line = ""
        var blanks = 0
        for (index, cell) in cells.enumerated() {
            guard let room = widths[index] else { continue }
            let isCut = width != nil && columns[index].least != nil
            let text = isCut ? cell.text.clipped(to: room) : cell.text
            let padding = max(room - text.columns, 0)
            if columns[index].right { blanks += padding }
            if !text.isEmpty {
                line += String(repeating: " ", count: blanks) + cell.style.paint(text, coloured)
                blanks = 0
            }
            blanks += (columns[index].right ? 0 : padding) + Self.gap
        }
        return line + "\n"
    }

    /// Widths that hold every value, or as much as the terminal allows: dispensable columns go while the least widths
    /// of all do not fit; then the widest of those that may be cut gives way first.
    private func layout(_ rows: [[Cell]]) -> [Int?] {
        var widths: [Int?] = columns.indices.map { index in
            rows.reduce(columns[index].heading.columns) { max($0, $1[index].text.columns) }
        }
        guard let width else { return widths }
        func total(_ widths: [Int?]) -> Int {
            let shown = widths.compactMap { $0 }
            return shown.reduce(0, +) + Self.gap * max(shown.count - 1, 0)
        }
        func least(_ index: Int) -> Int? {
            widths[index].map { width in columns[index].least.map { min($0, width) } ?? width }
        }
        while total(columns.indices.map(least)) > width {
            let next = columns.indices.filter { widths[$0] != nil && columns[$0].dispensable != nil }
                .max { (columns[$0].dispensable ?? 0) < (columns[$1].dispensable ?? 0) }
            guard let next else { break }
            widths[next] = nil
        }
        var excess = total(widths) - width
        while excess > 0 {
            let widest = columns.indices
                .filter { index in columns[index].least.map { (widths[index] ?? 0) > $0 } ?? false }
                .max { (widths[$0] ?? 0) < (widths[$1] ?? 0) }
            guard let widest, let room = widths[widest] else { break }
            widths[widest] = room - 1
            excess -= 1
        }
        return widths
    }
}
