public import EventLog

/// Why an input could not be taken to its end; named for what the caller must do. What was reported before is durable.
public enum IngestError: Error, Sendable, CustomStringConvertible {
    /// Name a file that can be read.
    case unreadable(input: String, reason: String)
    /// Name the format, or convert the input as the hint says.
    case notRecognised(input: String, hint: String)
    /// The log did not take events: as its error says. Repeating the input is safe.
    case log(LogError)
    /// PostgreSQL is away and the spool has no room: nothing was kept. Refuse what would have to be recorded.
    case full(directory: String)
    /// Give another directory for the spool, or end the process that owns this one.
    case spoolInUse(directory: String)
    /// Mend the disk or the rights of the spool's directory; nothing of what was handed over is known to be kept.
    case spoolUnusable(directory: String, reason: String)
    /// Give another source, or end the gateway that records as this one.
    case sourceInUse(source: String)
    /// The spool was filled for another log: give each log a spool of its own.
    case otherLog(directory: String)
    /// Start once while PostgreSQL answers: the key under which secrets are hidden comes from there.
    case noKey(directory: String, reason: String)
    /// The recorder has been closed: append to another.
    case closed
    /// A service does not answer, not in time, or says that it cannot just now: ask again later.
    case away(service: String, reason: String)
    /// A service refuses what was asked, for want of rights or for wrong credentials: mend these.
    case denied(service: String, reason: String)
    /// A service answers what its API does not know: check its address, and what stands in front of it.
    case unintelligible(service: String, reason: String)
    /// Mend the setting.
    case misconfigured(setting: String, reason: String)
    /// Send the events in several bodies: this one has more bytes, or events, than are taken at once.
    case tooMuch(limit: Int, of: String)
    /// Send the body as it is, or compress it again: it is no gzip, or not all of one.
    case brokenGzip(reason: String)
    /// Send the request again, whole: its body is not as HTTP frames it, or breaks off.
    case brokenRequest
    /// The caller's task was cancelled; what had been taken is durable.
    case cancelled

    public var description: String {
        switch self {
        case .unreadable(let input, let reason): "\(input) cannot be read: \(reason)"
        case .notRecognised(let input, let hint): "\(input): \(hint)"
        case .log(let error): "\(error)"
        case .full(let directory):
            "the database is away and the spool \(directory) is full; make room on its disk, raise its limit, or bring the database back"
        case .spoolInUse(let directory):
            "the spool \(directory) belongs to another process that runs; give each its own with --spool"
        case .sourceInUse(let source):
            "another gateway that runs records as source '\(source)'; give each its own with --source"
        case .spoolUnusable(let directory, let reason): "the spool \(directory) cannot be used: \(reason)"
        case .otherLog(let directory):
            "the spool \(directory) holds events for another log; give another with --spool, or the database that it was filled for"
        case .noKey(let directory, let reason):
            "the key for hiding secrets is neither in the spool \(directory) nor to be had from the database (\(reason)); start once while the database answers"
        case .closed: "this recorder is closed"
        case .away(let service, let reason): "\(service) does not answer: \(reason)"
        case .denied(let service, let reason): "\(service) refuses: \(reason)"
        case .unintelligible(let service, let reason): "\(service) answers what cannot be understood: \(reason)"
        case .misconfigured(let setting, let reason): "\(setting): \(reason)"
        case .tooMuch(let limit, let what):
            "a body has at most \(limit) \(what), decompressed; send the events in several bodies"
        case .brokenRequest: "the request's body breaks off, or is not as HTTP frames it"
        case .brokenGzip(let reason): "the body is not the gzip that Content-Encoding says it is: \(reason)"
        case .cancelled: "interrupted; what has been reported is in the log, and repeating the import is safe"
        }
    }
}
