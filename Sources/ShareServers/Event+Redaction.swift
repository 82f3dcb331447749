extension Event {
    /// The event without the secrets that its source left in it: the last line of defence, whoever sent it.
    ///
    /// Only of events about share servers: what other events mean is not known here. Those without secrets, and those
    /// whose secrets were taken out before, come back as they are.
    ///
    /// - Throws: `.tooLarge` where the digests need more room than there is.
    public func redacted(_ redaction: Redaction) throws(EventError) -> Event {
        guard type.hasPrefix(EventType.shareServer), SecretName.mayBeContained(in: canonical) else { return self }
        guard let whole = try? JSON(parsing: canonical), case .object(var members) = whole, let data = members["data"]
        else { return self }
        let safe = redaction.redact(data)
        guard safe != data else { return self }
        members["data"] = safe
        return try Event(canonicalMembers: JSON.object(members).canonical())
    }
}
