import ShareServers

/// What an input is written in.
public enum Format: String, Sendable, Hashable, CaseIterable {
    /// CloudEvents, one JSON object a line.
    case ndjson
    /// CloudEvents as a JSON array, or as JSON objects one after another.
    case json
    /// HTTP Archive 1.2.
    case har
    /// Notifications of oslo.messaging, or the CADF events in them: one JSON object a line, an array, or one after
    /// another.
    case oslo

    /// How much of an input is looked at.
    static let peekBytes = 4096

    /// Recognises the format by the first bytes.
    ///
    /// - Parameter beginning: At least the first `peekBytes` after blanks, or the whole of what is shorter, without a
    ///   byte-order mark.
    /// - Throws: `.notRecognised` saying what it looks like.
    static func recognise(_ beginning: ArraySlice<UInt8>, of input: String) throws(IngestError) -> Format {
        let beginning = beginning.drop(while: isSpace).prefix(peekBytes)
        guard let first = beginning.first else {
            throw .notRecognised(input: input, hint: "it is empty")
        }
        if beginning.starts(with: [0x1F, 0x8B]) {
            throw .notRecognised(
                input: input, hint: "it is compressed with gzip; decompress it first (gzip -dc … | dossier import -)")
        }
        if beginning.starts(with: [0xFF, 0xFE]) || beginning.starts(with: [0xFE, 0xFF]) {
            throw .notRecognised(
                input: input, hint: "it is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)")
        }
        switch first {
        case 0x5B: return isNotification(beginning) ? .oslo : .json
        case 0x7B where isHAR(beginning): return .har
        case 0x7B:
            let isSpread = isSpreadOverLines(beginning)
            let element = isSpread ? beginning : beginning.prefix { $0 != 0x0A }
            return isNotification(element) ? .oslo : isSpread ? .json : .ndjson
        // A bad first line is a fault of its own, where there are others.
        case _ where beginning.contains(where: { $0 < 0x20 && !isSpace($0) }) && !hasObject(beginning):
            throw .notRecognised(
                input: input, hint: "it is a binary file; NDJSON, JSON, HAR or notifications are expected")
        default: return .ndjson
        }
    }

    /// Whether the beginning says enough, so that what trickles out of a pipe need not be waited for.
    static func isClear(_ beginning: ArraySlice<UInt8>) -> Bool {
        let beginning = beginning.drop(while: isSpace)
        guard beginning.count < peekBytes else { return true }
        let line = beginning.prefix { $0 != 0x0A }
        guard line.endIndex < beginning.endIndex else { return false }
        return line.first == 0x7B && line.last(where: { !isSpace($0) }) == 0x7D
    }

    /// Whether a line begins as an object does.
    private static func hasObject(_ beginning: ArraySlice<UInt8>) -> Bool {
        beginning.split(separator: 0x0A).dropFirst().contains { $0.first == 0x7B }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    /// Whether the object's first member is `log`.
    private static func isHAR(_ beginning: ArraySlice<UInt8>) -> Bool {
        beginning.filter { !isSpace($0) }.starts(with: Array(#"{"log":"#.utf8))
    }

    /// Whether the first element is a notification or a CADF event, and no CloudEvent that holds one: within a string
    /// its quotes are escaped.
    private static func isNotification(_ beginning: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: beginning, as: UTF8.self)
        guard !text.contains(#""specversion""#) else { return false }
        return text.contains(#""oslo.message""#) || text.contains("\"\(Audit.typeURI)\"")
            || (text.contains(#""event_type""#) && text.contains(#""publisher_id""#))
    }

    /// Whether what begins so has an element a line, rather than an array or elements over several lines.
    static func hasLines(_ beginning: ArraySlice<UInt8>) -> Bool {
        let beginning = beginning.drop(while: isSpace).prefix(peekBytes)
        return beginning.first != 0x5B && !isSpreadOverLines(beginning)
    }

    /// Whether the first line ends where an object cannot.
    private static func isSpreadOverLines(_ beginning: ArraySlice<UInt8>) -> Bool {
        let line = beginning.drop(while: isSpace).prefix { $0 != 0x0A }
        guard line.endIndex < beginning.endIndex, let last = line.last(where: { !isSpace($0) }) else { return false }
        return [0x7B, 0x5B, 0x2C, 0x3A].contains(last)
    }
}
