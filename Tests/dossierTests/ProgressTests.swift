import Testing

@testable import dossier

@Suite struct ProgressTests {
    @Test func saysHowFarItIsHowFastAndHowLongYet() {
        let line = ProgressLine(
            label: "Verifying", unit: "entries", done: 250_000, total: 1_000_000, elapsed: .seconds(10))
        let text = line.text(width: 120)
        #expect(text.hasPrefix("Verifying  ▕██████████······························▏  25 %  "))
        #expect(text.hasSuffix("250,000 of 1,000,000 entries  25,000 entries/s  30.0 s left"))
    }

    @Test(arguments: [20, 40, 60, 79, 200])
    func fitsTheTerminal(width: Int) {
        for done: Int64 in [0, 1, 500, 1000, 2000] {
            let line = ProgressLine(label: "Importing", unit: "bytes", done: done, total: 1000, elapsed: .seconds(2))
            #expect(line.text(width: width).columns <= width)
        }
    }

    @Test func withoutATotalItCounts() {
        let line = ProgressLine(
            label: "Importing", unit: "bytes", done: 123_400_000, total: nil, elapsed: .milliseconds(2000))
        #expect(line.text(width: 80) == "Importing  123 MB  61.7 MB/s")
    }

    @Test func nothingDoneInNoTimeIsNoError() {
        let line = ProgressLine(label: "X", unit: "entries", done: 0, total: 0, elapsed: .zero)
        #expect(line.text(width: 80) == "X  0 entries  0 entries/s")
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"), (12_345, "12,345")])
    func numbersAreGrouped(number: Int64, text: String) {
        #expect(number.grouped == text)
    }

    @Test func coloursAreForTerminalsUnlessToldOtherwise() {
        let screen = Terminal(isTerminal: true, width: 80)
        let file = Terminal(isTerminal: false, width: nil)
        #expect(screen.isColoured(.auto, environment: [:]))
        #expect(!file.isColoured(.auto, environment: [:]))
        #expect(!screen.isColoured(.auto, environment: ["NO_COLOR": "1"]))
        #expect(screen.isColoured(.auto, environment: ["NO_COLOR": ""]))
        #expect(!screen.isColoured(.auto, environment: ["TERM": "dumb"]))
        #expect(file.isColoured(.always, environment: ["NO_COLOR": "1"]))
        #expect(!screen.isColoured(.never, environment: [:]))
    }
}
