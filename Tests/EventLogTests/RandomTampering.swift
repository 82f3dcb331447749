import EventLog
import FoundationEssentials
import Testing
import TransparencyLog

/// A change to a log by somebody with a superuser's rights, made up by a seed, and what must be found of it.
///
/// What is expected follows from the change alone: where evidence pins the first bad entry down, that entry; else the
/// block of 256, or the entries between two checkpoints, one of which is bad.
struct RandomTampering {
    let what: String
    let lane: Int16
    let sql: String
    /// The entries that are to be named.
    let named: Range<Int64>
    /// Whether nothing but a checkpoint tells.
    var isSoundInItself = false
    /// Other lanes that it touches, and the entry that is to be named there.
    var beside: [Int16: Int64] = [:]

    /// One entry is to be named.
    init(_ what: String, _ lane: Int16, at entry: Int64, _ sql: String, beside: [Int16: Int64] = [:]) {
        self.init(what, lane, among: entry..<entry + 1, sql)
        self.beside = beside
    }

    init(_ what: String, _ lane: Int16, among named: Range<Int64>, _ sql: String, isSoundInItself: Bool = false) {
        self.what = what
        self.lane = lane
        self.sql = sql.replacing("$lane", with: "\(lane)")
        self.named = named
        self.isSoundInItself = isSoundInItself
    }
}

/// What can be done to a log.
struct RandomTamperingKind: Sendable {
    let name: String
    /// Lanes of fewer entries than this cannot be tampered with so.
    var entries: Int64 = 0
    let make: @Sendable (inout Draw) -> RandomTampering

    static let all = bodies + columns + places + shifts + tails + partitions + heads + subtrees + keys

    static func random(_ log: UntamperedLog, seed: UInt64) -> (kind: String, tampering: RandomTampering) {
        var draw = Draw(log: log, random: SplitMix(seed: seed))
        let kind = all[Int.random(in: 0..<all.count, using: &draw.random)]
        repeat { draw.lane = Int16.random(in: 0..<log.lanes, using: &draw.random) } while draw.size < kind.entries
        return (kind.name, kind.make(&draw))
    }
}

/// What a tampering is drawn from: the log as it was, a lane of it, and chance.
struct Draw {
    let log: UntamperedLog
    var random: SplitMix
    var lane: Int16 = 0

    var size: Int64 { Int64(lines.count) }
    var lines: [String] { log.lines[Int(lane)] }

    /// Any entry of the lane, or of some of them.
    mutating func entry(_ entries: Range<Int64>? = nil) -> Int64 {
        Int64.random(in: entries ?? 0..<size, using: &random)
    }

    /// Two different entries, the earlier first.
    mutating func two() -> (Int64, Int64) {
        let a = entry()
        var b = entry()
        while b == a { b = entry() }
        return (min(a, b), max(a, b))
    }

    /// An entry that is a call: of three, the first two.
    mutating func call(_ entries: Range<Int64>? = nil) -> Int64 {
        while true {
            let entry = entry(entries)
            if entry % 3 < 2 { return entry }
        }
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    func line(_ entry: Int64) -> String { lines[Int(entry)] }

    /// The block of 256 that an entry is of, or the rest that is none yet.
    func block(of entry: Int64, size: Int64) -> Range<Int64> {
        let start = entry / 256 * 256
        return start..<min(start + 256, size)
    }

    /// The entries between the two checkpoints next to an entry.
    func gap(of entry: Int64) -> Range<Int64> {
        let sizes = log.checkpoints[Int(lane)].map { Int64($0.size) }
        return (sizes.last { $0 <= entry } ?? 0)..<(sizes.first { $0 > entry } ?? .max)
    }

    /// What can be told where an entry agrees with all that stands beside it, but not with the hash of its block or the
    /// root: the block; or, where a checkpoint within the block tells as well, what was signed between two.
    func tree(of entry: Int64, size: Int64) -> Range<Int64> {
        let (block, gap) = (block(of: entry, size: size), gap(of: entry))
        if gap.upperBound > block.upperBound { return block }
        return block.lowerBound >= gap.lowerBound && block.upperBound <= gap.upperBound ? block : gap
    }
}

/// A log before somebody tampers with it, as far as whoever tampers with it, and who looks for it, need to know.
struct UntamperedLog: Sendable {
    let lanes: Int16
    /// The bodies of each lane.
    let lines: [[String]]
    /// When each entry was recorded, in microseconds since 1970.
    let recorded: [[Int64]]
    /// By size, the last of them of the whole lane.
    let checkpoints: [[Checkpoint]]
}

extension String {
    /// As a literal of SQL.
    var literal: String { "'" + replacing("'", with: "''") + "'" }
}
