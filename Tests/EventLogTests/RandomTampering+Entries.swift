import Postgres
import ShareServers

/// What is done to entries where they stand.
extension RandomTamperingKind {
    private static func set(_ entry: Int64, body: String) -> String {
        Tampering.update(entry, "body = \(body.literal)")
    }

    private static func call(_ line: String) -> String { line.replacing(#""method":"GET""#, with: #""method":"PUT""#) }

    static let bodies = [
        RandomTamperingKind(name: "a byte of a body") { draw in
            let entry = draw.entry()
            let (body, place) = draw.byte(of: entry) { _ in true }
            let other = draw.pick((0x20...0x7E).filter { $0 != body[place] })
            return bytes("byte \(place) of the body", &draw, entry, body, place..<place + 1, [other])
        },
        RandomTamperingKind(name: "the case of a letter of a body") { draw in
            let entry = draw.entry()
            let (body, place) = draw.byte(of: entry) { (0x61...0x7A).contains($0 | 0x20) }
            return bytes("the case of byte \(place)", &draw, entry, body, place..<place + 1, [body[place] ^ 0x20])
        },
        RandomTamperingKind(name: "white space in a body") { draw in
            let entry = draw.entry()
            let (body, place) = draw.byte(of: entry) { _ in true }
            let space = draw.pick([0x20, 0x0A, 0x09] as [UInt8])
            return bytes("white space at byte \(place)", &draw, entry, body, place..<place, [space])
        },
        RandomTamperingKind(name: "a body cut off") { draw in
            let entry = draw.entry()
            let kept = Int.random(in: 0..<draw.line(entry).count, using: &draw.random)
            return RandomTampering(
                "the body of \(entry) after \(kept) characters", draw.lane, at: entry,
                set(entry, body: String(draw.line(entry).prefix(kept))))
        },
        RandomTamperingKind(name: "a body and its leaf hash") { draw in
            let entry = draw.call()
            return RandomTampering(
                "the method of \(entry), and the leaf hash", draw.lane, at: entry,
                set(entry, body: call(draw.line(entry))) + Tampering.rehash(entry))
        },
        RandomTamperingKind(name: "a body, its leaf hash and its event key's content") { draw in
            let entry = draw.call()
            return RandomTampering(
                "the method of \(entry), and all beside it but the tree", draw.lane,
                among: draw.tree(of: entry, size: draw.size),
                set(entry, body: call(draw.line(entry))) + Tampering.rehash(entry) + Tampering.rekey(entry))
        },
        RandomTamperingKind(name: "the time in a body and all beside it") { draw in
            let entry = draw.entry()
            let former = Made.start.advanced(by: .seconds(entry))
            let limit = draw.pick([300, 99_999_999])
            let time = former.advanced(
                by: .microseconds(draw.pick([-1, 1]) * Int.random(in: 1...limit, using: &draw.random)))
            let body = draw.line(entry).replacing("\"time\":\"\(former)\"", with: "\"time\":\"\(time)\"")
            // An event key holds the millisecond: within it, only the tree tells.
            let isKeyKept = time.milliseconds == former.milliseconds
            return RandomTampering(
                "the time of \(entry), \(time)", draw.lane,
                among: isKeyKept ? draw.tree(of: entry, size: draw.size) : entry..<entry + 1,
                set(entry, body: body) + Tampering.update(entry, "occurred_at = '\(time)'") + Tampering.rehash(entry)
                    + Tampering.rekey(entry))
        },
        RandomTamperingKind(name: "the recorded time in a body and all beside it", make: recorded),
    ]

    private static func bytes(
        _ what: String, _ draw: inout Draw, _ entry: Int64, _ body: [UInt8], _ place: Range<Int>, _ other: [UInt8]
    ) -> RandomTampering {
        var altered = body
        altered.replaceSubrange(place, with: other)
        // With its leaf hash or without: it is not the event that was recorded either way.
        let isRehashed = Bool.random(using: &draw.random)
        return RandomTampering(
            "\(what) of the body of \(entry)\(isRehashed ? ", and the leaf hash" : "")", draw.lane, at: entry,
            set(entry, body: String(decoding: altered, as: UTF8.self)) + (isRehashed ? Tampering.rehash(entry) : ""))
    }

    private static func recorded(_ draw: inout Draw) -> RandomTampering {
        let entry = draw.entry()
        let times = draw.log.recorded[Int(draw.lane)]
        let former = Timestamp(microseconds: times[Int(entry)])
        let limit = draw.pick([1, 100_000_000, 100_000_000_000])
        let time = former.advanced(
            by: .microseconds(draw.pick([-1, 1]) * Int.random(in: 1...limit, using: &draw.random)))
        let body = draw.line(entry).replacing("\"recordedtime\":\"\(former)\"", with: "\"recordedtime\":\"\(time)\"")
        // Where times run backwards, either of the two may be the one that was changed.
        var named = draw.tree(of: entry, size: draw.size)
        if entry > 0, time.microseconds < times[Int(entry) - 1] {
            named = entry - 1..<entry + 1
        } else if entry + 1 < draw.size, time.microseconds > times[Int(entry) + 1] {
            // What was signed up to here was compared before the next entry.
            let gap = draw.gap(of: entry)
            named = gap.upperBound == entry + 1 ? gap : entry..<entry + 2
        }
        return RandomTampering(
            "the recorded time of \(entry), \(time)", draw.lane, among: named,
            set(entry, body: body) + Tampering.update(entry, "recorded_at = '\(time)'") + Tampering.rehash(entry))
    }

    private static let values: [(column: String, values: [String])] = [
        ("server_id", ["'6e2b3c5a-1f10-4f4e-9d21-8c1f6a0b7d33'", "NULL"]), ("type", ["'com.example.other'", "''"]),
        ("operation", ["'delete'", "''"]), ("http_status", ["404", "0", "-1"]),
        (
            "occurred_at",
            ["occurred_at + interval '1 microsecond'", "'infinity'", "'-infinity'", "'1970-01-01 00:00:00Z'"]
        ),
        ("recorded_at", ["recorded_at - interval '1 microsecond'", "'infinity'", "now() + interval '1 day'"]),
        ("request_id", ["'req-x'", "''"]), ("actor_user_id", ["'user-9'", "''"]),
        ("project_id", ["'project-9'", "NULL"]),
        ("host", ["'lab@beta'", "''", "NULL"]), ("status", ["'error'", "''"]),
        (
            "leaf_hash",
            ["set_byte(leaf_hash, 31, get_byte(leaf_hash, 31) # 1)", "substr(leaf_hash, 1, 31)", "''", "sha256('')"]
        ),
    ]

    static let columns = values.map { column, values in
        RandomTamperingKind(name: "the column \(column)") { draw in
            let entry = draw.entry()
            let value = draw.pick(values)
            return RandomTampering(
                "\(column) = \(value) of \(entry)", draw.lane, at: entry,
                Tampering.update(entry, "\(column) = \(value)"))
        }
    }
}

extension Draw {
    /// The bytes of a body, and the place of one of them that is asked for; bodies made for tests are ASCII.
    fileprivate mutating func byte(of entry: Int64, where isWanted: (UInt8) -> Bool) -> ([UInt8], Int) {
        let body = Array(line(entry).utf8)
        return (body, pick(body.indices.filter { isWanted(body[$0]) }))
    }
}
