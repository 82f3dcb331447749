@testable import ShareServers

/// What the reader makes of a text, without anything kept of it.
func canonicalForm(
    _ text: [UInt8], depthLimit: Int = CanonicalWriter.maximumDepth
) throws(JSONFault) -> [UInt8] {
    try text.withUnsafeBufferPointer { bytes throws(JSONFault) in
        var writer = CanonicalWriter(UnsafeRawBufferPointer(bytes), depthLimit: depthLimit)
        try writer.writeText()
        return writer.output
    }
}

func canonicalForm(_ text: String) throws(JSONFault) -> String {
    String(decoding: try canonicalForm(Array(text.utf8)), as: UTF8.self)
}

extension JSON {
    var canonicalText: String { String(decoding: canonical(), as: UTF8.self) }
}

/// Why a text is refused; nil where it is taken.
func fault(of text: [UInt8]) -> JSONFault? {
    do throws(JSONFault) {
        _ = try canonicalForm(text)
        return nil
    } catch {
        return error
    }
}
