import Testing

@testable import dossier

@Suite struct TableTests {
    private func table(_ width: Int?, coloured: Bool = false, least: Int? = nil) -> Table {
        Table(
            [Table.Column("ID"), Table.Column("HOST", least: least), Table.Column("N", right: true)], width: width,
            coloured: coloured)
    }

    @Test func columnsAreAsWideAsTheirWidestValueAndNumbersStandAtTheRight() {
        var table = table(nil)
        let text = table.lines([["a", "lab@alpha", "7"], ["bcd", "x", "1234"]])
        #expect(
            text == """
                ID   HOST          N
                a    lab@alpha     7
                bcd  x          1234

                """)
    }

    @Test func headingsStandOnceAndLaterPagesKeepTheLayout() {
        var table = table(nil)
        let first = table.lines([["aaaa", "h", "1"]])
        let second = table.lines([["b", "h", "2"], ["longer-than-before", "h", "3"]])
        #expect(first == "ID    HOST  N\naaaa  h     1\n")
        #expect(second == "b     h     2\nlonger-than-before  h     3\n")
    }

    @Test(arguments: [40, 30, 24, 21])
    func aTableFitsTheTerminalByCuttingOnlyWhatMayBeCut(width: Int) {
        var table = table(width, least: 4)
        let id = "0123456789"
        let text = table.lines([[.init(id), .init(String(repeating: "h", count: 60)), "9"]])
        for line in text.split(separator: "\n") { #expect(line.count <= width) }
        #expect(text.contains(id))
        #expect(text.contains("h…"))
    }

    @Test(arguments: [60, 30, 22, 14, 12])
    func whereCuttingIsNotEnoughWhatIsDispensableGoesFirst(width: Int) {
        var table = Table(
            [
                Table.Column("ID"), Table.Column("A", least: 6, dispensable: 1), Table.Column("B", dispensable: 3),
                Table.Column("C", least: 4, dispensable: 2),
            ], width: width, coloured: false)
        let text = table.lines([["0123456789", "aaaaaaaaaa", "bbbbb", "cccccccccc"]])
        for line in text.split(separator: "\n") { #expect(line.count <= width) }
        let headings = text.split(separator: "\n")[0].split(separator: " ")
        // By hand: 10+2+6+2+5+2+4 = 31, without B 24, without C too 18, the ID alone 10.
        let expected: [Int: [Substring]] = [
            60: ["ID", "A", "B", "C"], 30: ["ID", "A", "C"], 22: ["ID", "A"], 14: ["ID"], 12: ["ID"],
        ]
        #expect(headings == expected[width])
    }

    @Test func laterPagesNeverCutWhatMayNotBeCut() {
        var table = table(30, least: 4)
        _ = table.lines([["1", "host", "1"]])
        #expect(table.lines([["12345", "a-longer-host", "2"]]) == "12345  a-l…  2\n")
    }

    @Test(arguments: [80, 100, 120])
    func theListingsFitCommonTerminals(width: Int) {
        let id = "0f8a4c1e-0000-4000-8000-000000000001"
        for (listing, values) in [
            (Listing.servers, [id, "unmanage_starting", "2026-11-23 09:55:14", "lab@alpha", "p", "c", "e"]),
            (Listing.serversThen, [id, "unmanage_starting", "2026-11-23 09:55:14", "lab@alpha", "p", "c"]),
            (
                Listing.events,
                ["0/441", "2026-11-23 09:55:14.123", "backend_details", id, "migration_start", "admin", "409", "f"]
            ),
        ] {
            var table = Table(listing.columns.map(\.column), width: width, coloured: false)
            let long = values.map { Table.Cell($0.count == 1 ? String(repeating: $0, count: 90) : $0) }
            for line in table.lines([long]).split(separator: "\n") { #expect(String(line).columns <= width) }
        }
    }

    @Test func whereNothingMayBeCutTheTableIsWiderThanTheTerminal() {
        var table = table(10)
        #expect(table.lines([["0123456789", "0123456789", "1"]]).contains("0123456789  0123456789  1"))
    }

    @Test func valuesCannotMakeTheTerminalDoAnything() {
        var table = table(nil)
        let text = table.lines([["\u{1B}[31mred\u{7}", "a\r\nb\u{9B}0m", "\u{202E}1"]])
        let controls = text.unicodeScalars.filter { $0.isTerminalControl && $0 != "\n" }
        #expect(controls.isEmpty)
        #expect(text.contains("\\u{1b}[31mred\\u{7}"))
        #expect(text.contains("a\\r\\nb\\u{9b}0m"))
        #expect(text.split(separator: "\n").count == 2)
    }

    @Test func coloursAreWrittenOnlyWhenAskedForAndTakeNoRoom() {
        var plain = table(nil)
        var coloured = table(nil, coloured: true)
        let row: [Table.Cell] = ["a", .init("down", .bad), "1"]
        let text = coloured.lines([row])
        #expect(text.contains("\u{1B}[31mdown\u{1B}[0m"))
        #expect(!plain.lines([row]).contains("\u{1B}"))
        let stripped = text.replacing(/\u{1B}\[[0-9]*m/, with: "")
        var again = table(nil)
        #expect(stripped == again.lines([row]))
    }

    @Test func noLineEndsInBlanks() {
        var table = Table([Table.Column("A"), Table.Column("BBBB")], width: nil, coloured: false)
        for line in table.lines([["x", .init(nil)], ["y", "z"]]).split(separator: "\n") { #expect(line.last != " ") }
    }
}

@Suite struct TextTests {
    @Test(arguments: [("abc", 3), ("", 0), ("日本", 4), ("e\u{301}", 1), ("✗", 1), ("🙂", 2)])
    func columnsAreThoseOfATerminal(text: String, columns: Int) {
        #expect(text.columns == columns)
    }

    @Test func clippingKeepsWithinTheColumnsAndSaysThatItCut() {
        #expect("abcdef".clipped(to: 6) == "abcdef")
        #expect("abcdef".clipped(to: 4) == "abc…")
        #expect("日本語".clipped(to: 4) == "日…")
        #expect("abc".clipped(to: 0) == "")
        for width in 0...12 { #expect("ab日本cd語".clipped(to: width).columns <= width) }
    }

    @Test func everyControlCharacterIsSpelledOut() {
        for value in (0...0x9F as ClosedRange<UInt32>) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let escaped = String(scalar).escapedForTerminal
            let isControl = value < 0x20 || value >= 0x7F
            #expect((escaped != String(scalar)) == isControl)
            #expect(escaped.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
        }
        #expect("Grüße, 日本 🙂".escapedForTerminal == "Grüße, 日本 🙂")
    }
}
