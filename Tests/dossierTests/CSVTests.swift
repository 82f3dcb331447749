import Testing

@testable import dossier

/// Reads RFC 4180, to the letter: an independent reader of what is written.
private func records(_ text: String) -> [[String]] {
    var records: [[String]] = []
    var record: [String] = []
    var field: [UInt8] = []
    var quoted = false
    var bytes = Array(text.utf8)[...]
    func end() -> String {
        defer { field = [] }
        return String(decoding: field, as: UTF8.self)
    }
    while let byte = bytes.popFirst() {
        switch (byte, quoted) {
        case (0x22, true):
            if bytes.first == 0x22 { field.append(bytes.removeFirst()) } else { quoted = false }
        case (0x22, false): quoted = true
        case (0x2C, false): record.append(end())
        case (0x0D, false) where bytes.first == 0x0A:
            bytes.removeFirst()
            record.append(end())
            records.append(record)
            record = []
        default: field.append(byte)
        }
    }
    return records
}

@Suite struct CSVTests {
    @Test func plainFieldsStandAsTheyAre() {
        #expect(CSV.record(["a", nil, "b c", ""]) == "a,,b c,\r\n")
    }

    @Test func fieldsWithCommasQuotesAndLineEndsAreQuoted() {
        #expect(
            CSV.record(["a,b", "say \"no\"", "x\ny", "c\rd", "e\r\nf"])
                == "\"a,b\",\"say \"\"no\"\"\",\"x\ny\",\"c\rd\",\"e\r\nf\"\r\n")
    }

    @Test func aSpreadsheetTakesNoValueForAFormula() {
        #expect(
            CSV.record(["=1+1", "-2", "+2.5e3", "@x", "-cmd|' /C calc'!A0", "\tx", "'=1", "a=1"])
                == "'=1+1,-2,+2.5e3,'@x,'-cmd|' /C calc'!A0,'\tx,''=1,a=1\r\n")
        #expect(CSV.record(["=HYPERLINK(\"x\",1)"]) == "\"'=HYPERLINK(\"\"x\"\",1)\"\r\n")
    }

    @Test func whateverIsWrittenIsReadBack() {
        var random = SystemRandomNumberGenerator()
        let alphabet: [Character] = ["a", ",", "\"", "\r", "\n", "\r\n", "日", "=", " ", "\t", "\u{1B}"]
        for _ in 0..<500 {
            let fields = (0..<Int.random(in: 1...5)).map { _ in
                String((0..<Int.random(in: 0...6)).map { _ in alphabet.randomElement(using: &random) ?? "a" })
            }
            let read = records(CSV.record(fields))
            // What was put before is taken away again.
            let plain = read.map { $0.map { Array($0.utf8.first == 0x27 ? $0.utf8.dropFirst() : $0.utf8[...]) } }
            #expect(plain == [fields.map { Array($0.utf8) }])
        }
    }
}
