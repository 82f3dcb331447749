/// Cuts a JSON text into the elements of one array in it, whatever else it holds and however it is spaced.
///
/// Only strings, brackets and the array's own commas are understood: whether an element is JSON is for its reader to say.
struct ValueSplitter: Sendable {
    /// The names that lead to the array; none: the text is the array, or values one after another.
    private let path: [[UInt8]]
    private let limit: Int

    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var line = 1
    private var number = 0

    /// Names of the members under way, by depth, as far down as the path goes.
    private var names: [[UInt8]] = [[]]
    /// The string read last at such a depth: a name where a colon follows.
    private var lastString: [UInt8] = []

    /// How deep the elements are; nil while the array has not begun.
    private var elementDepth: Int?
    private(set) var hasFoundArray = false
    /// Whether the JSON text has ended, and whether more came after it.
    private var hasEnded = false
    private var hasMore = false
    private var element: [UInt8] = []
    private var elementLine = 0
    private var isInElement = false
    /// Whether an element, and whether a comma, came last in the array.
    private var isAfterElement = false
    private var isAfterComma = false
    private var isSkipping = false

    init(path: [String], limit: Int) {
        self.path = path.map { Array($0.utf8) }
        self.limit = limit
        if path.isEmpty { elementDepth = 0 }
    }

    mutating func split(_ chunk: [UInt8]) -> Slab {
        var slab = Slab()
        for byte in chunk { take(byte, into: &slab) }
        return slab
    }

    mutating func end() -> Slab {
        var slab = Slab()
        if isInElement, depth == 0, !isInString {
            finish(into: &slab)
        } else if isInElement || depth > 0 || isInString {
            slab.faults.append(fault("the input ends in the middle of it", line: isInElement ? elementLine : line))
        } else if !path.isEmpty, !hasFoundArray {
            let name = path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
            slab.faults.append(fault("there is no array '\(name)' in the input", line: line))
        }
        return slab
    }

    private mutating func fault(_ reason: String, line: Int) -> Fault {
        defer { number += 1 }
        return Fault(number: number, line: line, attribute: nil, reason: reason)
    }

    // MARK: - Bytes

    private mutating func take(_ byte: UInt8, into slab: inout Slab) {
        if byte == 0x0A { line += 1 }
        if isInString {
            takeInString(byte)
            return
        }
        if hasEnded {
            guard byte != 0x20, byte != 0x09, byte != 0x0A, byte != 0x0D, !hasMore else { return }
            if path.isEmpty, byte == 0x5B {
                // Batches one after another.
                hasEnded = false
                depth = 1
                elementDepth = 1
                return
            }
            hasMore = true
            slab.faults.append(fault("there is more after the end of the JSON text; it is left out", line: line))
            return
        }
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D:
            // Between values one after another, where no comma is.
            if isInElement, depth == elementDepth { finish(into: &slab) } else { keep(byte) }
        case 0x22:
            begin(into: &slab)
            keep(byte)
            isInString = true
            if depth <= path.count { lastString = [] }
        case 0x7B, 0x5B: open(byte, into: &slab)
        case 0x7D, 0x5D: close(byte, into: &slab)
        case 0x2C:
            if isInElement, depth == elementDepth { finish(into: &slab) }
            if depth == elementDepth, depth > 0 { takeComma(into: &slab) } else { keep(byte) }
        case 0x3A:
            if !isInElement, depth < names.count { names[depth] = lastString }
            keep(byte)
        default:
            begin(into: &slab)
            keep(byte)
        }
    }

    /// Between two elements of the array, and nowhere else.
    private mutating func takeComma(into slab: inout Slab) {
        if !isAfterElement { slab.faults.append(fault("a comma where a value is expected", line: line)) }
        isAfterElement = false
        isAfterComma = true
    }

    private mutating func takeInString(_ byte: UInt8) {
        keep(byte)
        if isEscaped {
            isEscaped = false
        } else if byte == 0x5C {
            isEscaped = true
        } else if byte == 0x22 {
            isInString = false
            return
        }
        if !isInElement, depth <= path.count, lastString.count < 64 { lastString.append(byte) }
    }

    private mutating func open(_ byte: UInt8, into slab: inout Slab) {
        if path.isEmpty, byte == 0x5B, depth == 0, !isInElement, !hasFoundArray, number == 0 {
            // The text is the array.
            hasFoundArray = true
            depth = 1
            elementDepth = 1
            return
        }
        if byte == 0x5B, !isInElement, !hasFoundArray, depth == path.count, !path.isEmpty,
            names.dropFirst().elementsEqual(path)
        {
            hasFoundArray = true
            depth += 1
            elementDepth = depth
            return
        }
        begin(into: &slab)
        keep(byte)
        depth += 1
        if depth <= path.count {
            if names.count <= depth { names.append([]) } else { names[depth] = [] }
        }
    }

    private mutating func close(_ byte: UInt8, into slab: inout Slab) {
        if isInElement, depth == elementDepth {
            // A number or a literal that stood last.
            finish(into: &slab)
        }
        if !isInElement, depth == elementDepth, depth > 0 {
            if isAfterComma { slab.faults.append(fault("a comma without a value after it", line: line)) }
            isAfterElement = false
            isAfterComma = false
            // The array ends; what other members follow is passed over.
            elementDepth = nil
            depth -= 1
            hasEnded = depth == 0
            if byte != 0x5D {
                hasMore = true
                slab.faults.append(fault("a '}' too many ends the array; what follows is left out", line: line))
                hasEnded = true
            }
            return
        }
        keep(byte)
        depth = max(0, depth - 1)
        if isInElement, depth == elementDepth { finish(into: &slab) }
        hasEnded = depth == 0 && elementDepth == nil
    }

    // MARK: - Elements

    private mutating func begin(into slab: inout Slab) {
        guard !isInElement, depth == elementDepth else { return }
        if isAfterElement, depth > 0 {
            slab.faults.append(fault("a comma is missing before what begins here", line: line))
        }
        isAfterComma = false
        isInElement = true
        elementLine = line
    }

    private mutating func keep(_ byte: UInt8) {
        guard isInElement, !isSkipping else { return }
        if element.count < limit {
            element.append(byte)
        } else {
            isSkipping = true
            element = []
        }
    }

    private mutating func finish(into slab: inout Slab) {
        if isSkipping {
            slab.faults.append(fault("it has more than \(limit) bytes", line: elementLine))
        } else {
            let start = slab.bytes.count
            slab.bytes.append(contentsOf: element)
            slab.elements.append(
                Slab.Element(range: start..<slab.bytes.count, line: elementLine, number: number))
            number += 1
        }
        element.removeAll(keepingCapacity: true)
        isAfterElement = true
        isInElement = false
        isSkipping = false
    }
}
