/// Cuts an input that comes in chunks into elements. Memory is bounded by the largest element taken.
enum Splitter: Sendable {
    case lines(LineSplitter)
    case values(ValueSplitter)

    /// - Parameter beginning: What tells how notifications are laid out.
    init(_ format: Format, beginning: ArraySlice<UInt8> = []) {
        switch format {
        case .ndjson: self = .lines(LineSplitter())
        case .json: self = .values(ValueSplitter(path: [], limit: Limits.event))
        case .har: self = .values(ValueSplitter(path: ["log", "entries"], limit: Limits.exchange))
        case .oslo where Format.hasLines(beginning): self = .lines(LineSplitter())
        case .oslo: self = .values(ValueSplitter(path: [], limit: Limits.event))
        }
    }

    /// The largest elements taken, in bytes. What is larger is a fault, and is passed over.
    enum Limits {
        /// An event's canonical form has at most 64 KiB; a source may indent it generously.
        static let event = 4 << 20
        /// A captured exchange holds both bodies whole, escaped.
        static let exchange = 64 << 20
    }

    /// The elements that the input so far has completed.
    mutating func split(_ chunk: [UInt8]) -> Slab {
        switch self {
        case .lines(var splitter):
            // Moved out and back, so that its buffer is not copied.
            self = .lines(LineSplitter())
            defer { self = .lines(splitter) }
            return splitter.split(chunk)
        case .values(var splitter):
            self = .values(ValueSplitter(path: [], limit: 0))
            defer { self = .values(splitter) }
            return splitter.split(chunk)
        }
    }

    /// Whether the input has been an array so far, be it an empty one.
    var hasArray: Bool { if case .values(let splitter) = self { splitter.hasFoundArray } else { false } }

    /// The element that only the end of the input completes, or the fault of an input that is cut off.
    mutating func end() -> Slab {
        switch self {
        case .lines(var splitter): splitter.end()
        case .values(var splitter): splitter.end()
        }
    }
}
