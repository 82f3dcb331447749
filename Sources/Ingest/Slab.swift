import ShareServers

/// Some elements of an input (lines, members of an array), in order, in one piece of memory.
struct Slab: Sendable {
    struct Element: Sendable {
        let range: Range<Int>
        /// From 1, where the element begins.
        let line: Int
        /// From 0, counting every element of the input.
        let number: Int
    }
    var bytes: [UInt8] = []
    var elements: [Element] = []
    /// What could not even be cut out.
    var faults: [Fault] = []

    var isEmpty: Bool { elements.isEmpty && faults.isEmpty }
}

/// An element of an input that gave no event, and why. The others are kept.
public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
    /// From 0, counting every element of the input.
    public let number: Int
    /// From 1, where the element begins.
    public let line: Int
    /// The attribute at fault, such as `time` or `data.http_status`; nil where the element is no JSON at all.
    public let attribute: String?
    public let reason: String

    /// `line 3: time: …`
    public var description: String { "line \(line): " + (attribute.map { "\($0): " } ?? "") + reason }
}

/// What elements gave: events, and faults, both in order.
struct Decoded<Output: Sendable>: Sendable {
    var outputs: [(element: Slab.Element, output: Output)] = []
    var faults: [Fault] = []
}

extension Slab {
    /// Reads each element as an event, and takes its secrets out.
    func events(_ redaction: Redaction) -> Decoded<Event> {
        decode { bytes throws(EventError) in try Event(decoding: bytes).redacted(redaction) }
    }

    /// Reads each element as an exchange of an archive; nil for those that are no calls to the share-server API.
    ///
    /// - Parameter source: Nil: the origin of each request's URL.
    func readings(source: String?, _ redaction: Redaction) -> Decoded<Reading?> {
        decode { bytes throws(EventError) in
            let archived = try ArchivedExchange(har: bytes)
            return try Reading(of: archived.exchange, source: source ?? archived.origin, redaction: redaction)
        }
    }

    /// Reads each element as a notification; nil for those that tell of no call to the share-server API.
    ///
    /// - Parameter source: Nil: by each notification's publisher.
    func halves(source: String?, _ redaction: Redaction) -> Decoded<AuditedHalf?> {
        decode { bytes throws(EventError) in
            try AuditedHalf(notification: bytes, source: source, redaction: redaction)
        }
    }

    /// Reads each element with `read`.
    func decode<Output: Sendable>(
        _ read: (UnsafeRawBufferPointer) throws(EventError) -> Output
    ) -> Decoded<Output> {
        var decoded = Decoded<Output>()
        decoded.faults = faults
        decoded.outputs.reserveCapacity(elements.count)
        bytes.withUnsafeBytes { bytes in
            for element in elements {
                do throws(EventError) {
                    let output = try read(UnsafeRawBufferPointer(rebasing: bytes[element.range]))
                    decoded.outputs.append((element, output))
                } catch {
                    decoded.faults.append(
                        Fault(
                            number: element.number, line: element.line, attribute: error.attribute,
                            reason: error.reason))
                }
            }
        }
        return decoded
    }
}
