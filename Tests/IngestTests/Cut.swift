@testable import Ingest

/// An element that a splitter cut out, or said to be too long or cut off.
struct Cut: Hashable {
    let number: Int
    let line: Int
    /// Nil for a fault.
    let text: String?

    init(_ number: Int, line: Int, _ text: String?) { (self.number, self.line, self.text) = (number, line, text) }

    /// What `splitter` makes of chunks, by number.
    static func cuts(_ splitter: Splitter, _ chunks: [[UInt8]]) -> [Cut] {
        var splitter = splitter
        var cuts: [Cut] = []
        for slab in chunks.map({ splitter.split($0) }) + [splitter.end()] {
            cuts += slab.elements.map {
                Cut($0.number, line: $0.line, String(decoding: slab.bytes[$0.range], as: UTF8.self))
            }
            cuts += slab.faults.map { Cut($0.number, line: $0.line, nil) }
        }
        return cuts.sorted { $0.number < $1.number }
    }

    static func cuts(_ splitter: Splitter, _ text: String) -> [Cut] { cuts(splitter, [Array(text.utf8)]) }
}

extension [UInt8] {
    /// Cut into pieces at random places, some of them empty.
    func chunks(upTo limit: Int, using random: inout SplitMix) -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        var at = 0
        while at < count {
            let end = Swift.min(count, at + Int.random(in: 0...limit, using: &random))
            chunks.append(Array(self[at..<end]))
            at = end
        }
        return chunks
    }
}
