import HTTPTypes

/// A version of Manila's API, such as 2.51.
struct Microversion: Comparable, CustomStringConvertible {
    let minor: Int

    /// Source: Manila 23, `api/openstack/api_version_request.py`.
    static let first = Microversion(minor: 0)
    static let last = Microversion(minor: 99)

    static func < (left: Microversion, right: Microversion) -> Bool { left.minor < right.minor }
    var description: String { "2.\(minor)" }

    /// What the header asks for; without one, the first.
    ///
    /// - Throws: 400 for what is no version, 406 for one that there is not, as Manila does.
    static func requested(_ header: String?) throws(ManilaFault) -> Microversion {
        guard let text = header?.trimmingBlanks, !text.isEmpty else { return .first }
        if text == "latest" { return .last }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = number(parts[0]), let minor = number(parts[1]) else {
            throw ManilaFault(
                .badRequest, "API Version String \(text) is of invalid format. Must be of format MajorNum.MinorNum.")
        }
        guard major == 2, minor <= last.minor else {
            throw ManilaFault(
                .notAcceptable,
                "Version \(major).\(minor) is not supported by the API. Minimum is \(first) and maximum is \(last).")
        }
        return Microversion(minor: minor)
    }

    /// Digits without a leading zero.
    private static func number(_ text: Substring) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text == "0" || !text.hasPrefix("0")
        else { return nil }
        return Int(text)
    }
}
