/// A JSON value.
///
/// Read where something has to be looked up in it; what is only stored stays bytes.
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])
}

extension JSON {
    /// The member of an object; nil for one that is missing, and for all that is no object.
    public subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var number: Double? { if case .number(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    public var object: [String: JSON]? { if case .object(let value) = self { value } else { nil } }
    public var isNull: Bool { self == .null }
    /// The number, where it is a whole one.
    public var int: Int? { number.flatMap { Int(exactly: $0) } }
}

// MARK: - Literals

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

// MARK: - Reading

extension JSON {
    /// How deep a text may be: an event and what an answer wraps around it.
    public static let maximumDepth = CanonicalWriter.maximumDepth + 8

    /// Reads one JSON text.
    ///
    /// Refused is what an event could not hold: see `CanonicalWriter`.
    ///
    /// - Parameter depthLimit: How deep arrays and objects may lie in one another.
    public init(
        parsing bytes: UnsafeRawBufferPointer, depthLimit: Int = maximumDepth
    ) throws(JSONFault) {
        var writer = CanonicalWriter(bytes, depthLimit: depthLimit)
        try writer.writeText()
        self = writer.output.withUnsafeBytes { CanonicalReader($0).value(0..<$0.count) }
    }

    public init(parsing bytes: [UInt8], depthLimit: Int = maximumDepth) throws(JSONFault) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(JSONFault) in
            try JSON(parsing: UnsafeRawBufferPointer(bytes), depthLimit: depthLimit)
        }
    }

    public init(parsing text: String) throws(JSONFault) {
        self = try JSON(parsing: Array(text.utf8))
    }

    /// Reads bytes that are known to be in canonical form.
    init(canonical bytes: UnsafeRawBufferPointer) {
        self = CanonicalReader(bytes).value(0..<bytes.count)
    }
}
