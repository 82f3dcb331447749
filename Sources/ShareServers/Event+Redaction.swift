import FoundationEssentials

extension Event {
    /// The event without the secrets that its source left in it: the last line of defence, whoever sent it.
    ///
    /// Of any type, in `data`, in `data_base64`, and in attributes: an extension whose name names a secret has its digest
    /// for a value. Events without secrets, and those whose secrets were taken out before, come back as they are.
    ///
    /// - Throws: `.tooLarge` where the digests need more room than there is, `.invalid` where an attribute has no room
    ///   for them.
    public func redacted(_ redaction: Redaction) throws(EventError) -> Event {
        guard SecretName.mayBeContained(in: canonical) else { return self }
        guard let whole = try? JSON(parsing: canonical), case .object(let members) = whole else { return self }
        var safe = members
        for (name, value) in members {
            switch name {
            case "data": safe[name] = redaction.redact(value)
            case "data_base64": safe[name] = Self.redacted(base64: value, redaction)
            case "specversion", "type", "time": continue
            default: safe[name] = Self.redacted(attribute: name, value, redaction)
            }
        }
        guard safe != members else { return self }
        return try Event(canonicalMembers: JSON.object(safe).canonical())
    }

    private static func redacted(base64 value: JSON, _ redaction: Redaction) -> JSON {
        guard let text = value.string, let data = Data(base64Encoded: text) else { return value }
        let bytes = Array(data)
        let safe = redaction.redact(bytes: bytes)
        return safe == bytes ? value : .string(Data(safe).base64EncodedString())
    }

    private static func redacted(attribute name: String, _ value: JSON, _ redaction: Redaction) -> JSON {
        if Redaction.isSecret(name) {
            if let text = value.string, Redaction.isDigest(text) { return value }
            return redaction.seal(value)["redacted"] ?? value
        }
        return value.string.map { .string(redaction.redact(text: $0)) } ?? value
    }
}
