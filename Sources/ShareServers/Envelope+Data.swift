import Postgres

/// What `data` says, by the type of the event.
extension Envelope {
    mutating func readData(_ data: Range<Int>?) throws(EventError) {
        let isCall = type == EventType.call
        let isStatus = type == EventType.status
        guard isCall || isStatus || type == EventType.backendDetails || type == EventType.coverage else { return }
        guard let data, reader.bytes[data.lowerBound] == 0x7B else {
            throw .invalid(attribute: "data", reason: "an object is expected in an event of this type")
        }
        if isCall {
            try readCall(data)
        } else if isStatus {
            try readStatus(data)
        } else if type == EventType.backendDetails {
            guard let details = reader.member("details", of: data), reader.bytes[details.lowerBound] == 0x7B else {
                throw .invalid(attribute: "data.details", reason: "an object is expected in an event of this type")
            }
        } else {
            try checkCoverage(data)
        }
    }

    /// What states there are is open; a gap must say from when until when.
    private func checkCoverage(_ data: Range<Int>) throws(EventError) {
        guard let state = reader.member("state", of: data) else {
            throw .invalid(attribute: "data.state", reason: "started, alive, stopped or gap is expected")
        }
        guard try name(state, "data.state") == "gap" else { return }
        let from = try gapBound("from", of: data)
        let until = try gapBound("until", of: data)
        guard from <= until else {
            throw .invalid(attribute: "data.until", reason: "it is earlier than 'from'")
        }
    }

    private func gapBound(_ member: StaticString, of data: Range<Int>) throws(EventError) -> Timestamp {
        guard let value = reader.member(member, of: data) else {
            throw .invalid(attribute: "data.\(member)", reason: "a gap has 'from' and 'until', times in RFC 3339")
        }
        return try moment(value, "data.\(member)")
    }

    /// What the members of `data` are that answers repeat as they are, by the first byte of their values.
    private enum Shape {
        case string, object, boolean, strings, time

        var expected: String {
            switch self {
            case .string: "a string is expected"
            case .object: "an object is expected"
            case .boolean: "true or false is expected"
            case .strings: "an array of strings is expected"
            case .time: "a time is expected, in RFC 3339 or as Manila writes it, on a date that exists"
            }
        }
    }

    private static let callShapes: [(StaticString, Shape)] = [
        ("method", .string), ("path", .string), ("microversion", .string), ("global_request_id", .string),
        ("remote_address", .string), ("fault", .object),
    ]
    private static let statusShapes: [(StaticString, Shape)] = [
        ("task_state", .string), ("share_network_id", .string), ("share_network_name", .string),
        ("share_network_subnet_ids", .strings), ("identifier", .string), ("is_auto_deletable", .boolean),
        ("source_share_server_id", .string), ("created_at", .time), ("updated_at", .time),
    ]

    private func check(
        _ key: Range<Int>, _ value: Range<Int>, _ shapes: [(StaticString, Shape)]
    ) throws(EventError) {
        guard let (name, shape) = shapes.first(where: { reader.isString(key, $0.0) }) else { return }
        let first = reader.bytes[value.lowerBound]
        let isRight =
            switch shape {
            case .string: first == 0x22
            case .object: first == 0x7B
            case .boolean: first == 0x74 || first == 0x66
            case .strings: first == 0x5B && reader.isArrayOfStrings(value)
            case .time: first == 0x22 && Timestamp(manila: reader.string(value)) != nil
            }
        guard isRight else { throw .invalid(attribute: "data.\(name)", reason: shape.expected) }
    }

    private mutating func readCall(_ data: Range<Int>) throws(EventError) {
        try forEachPresent(data) { key, value throws(EventError) in
            if reader.isString(key, "operation") {
                index.operation = try name(value, "data.operation")
            } else if reader.isString(key, "request_id") {
                index.requestID = try name(value, "data.request_id")
            } else if reader.isString(key, "http_status") {
                guard let number = Int32(String(decoding: reader.bytes[value], as: UTF8.self)),
                    (100...599).contains(number)
                else {
                    throw .invalid(attribute: "data.http_status", reason: "a whole number from 100 to 599 is expected")
                }
                index.httpStatus = number
            } else if reader.isString(key, "duration_ms") {
                guard (0x30...0x39).contains(reader.bytes[value.lowerBound]) else {
                    throw .invalid(attribute: "data.duration_ms", reason: "a number that is not negative is expected")
                }
            } else if reader.isString(key, "actor") {
                try readActor(value)
            } else if reader.isString(key, "request") {
                if let server = reader.member("share_server", of: value), let host = reader.member("host", of: server),
                    reader.bytes[host.lowerBound] == 0x22, (3...Self.longestName + 2).contains(host.count)
                {
                    // A longer one is no host's; the call is kept, and not found by it.
                    index.host = reader.string(host)
                }
            } else {
                try check(key, value, Self.callShapes)
            }
        }
    }

    private mutating func readActor(_ actor: Range<Int>) throws(EventError) {
        guard reader.bytes[actor.lowerBound] == 0x7B else {
            throw .invalid(attribute: "data.actor", reason: "an object is expected")
        }
        try forEachPresent(actor) { key, value throws(EventError) in
            if reader.isString(key, "user_id") {
                index.actorUserID = try name(value, "data.actor.user_id")
            } else if reader.isString(key, "project_id") {
                index.projectID = try name(value, "data.actor.project_id")
            }
        }
    }

    private mutating func readStatus(_ data: Range<Int>) throws(EventError) {
        try forEachPresent(data) { key, value throws(EventError) in
            if reader.isString(key, "status") {
                index.status = try name(value, "data.status")
            } else if reader.isString(key, "project_id") {
                index.projectID = try name(value, "data.project_id")
            } else if reader.isString(key, "host") {
                index.host = try name(value, "data.host")
            } else if reader.isString(key, "not_before") {
                try checkNotBefore(value)
            } else {
                try check(key, value, Self.statusShapes)
            }
        }
    }

    private func checkNotBefore(_ value: Range<Int>) throws(EventError) {
        guard try moment(value, "data.not_before") <= time else {
            throw .invalid(attribute: "data.not_before", reason: "it is later than the event's time")
        }
    }

    /// A time that PostgreSQL reads as well: it takes neither a leap second's fraction nor every offset.
    ///
    /// Source: PostgreSQL, src/include/datatype/timestamp.h, MAX_TZDISP_HOUR.
    private func moment(_ value: Range<Int>, _ attribute: String) throws(EventError) -> Timestamp {
        guard let time = timestamp(value) else {
            throw .invalid(attribute: attribute, reason: "an RFC 3339 time on a date that exists is expected")
        }
        let text = reader.string(value)
        guard !text.dropFirst(17).hasPrefix("60"), isWithinADay(text) else {
            throw .invalid(attribute: attribute, reason: "write it in UTC, with seconds from 00 to 59")
        }
        return time
    }

    /// Whether the offset of an RFC 3339 time is one that places on Earth have: up to 15:59.
    private func isWithinADay(_ text: String) -> Bool {
        guard let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }), text[sign...].count == 6 else {
            return true
        }
        return Int(text[sign...].dropFirst().prefix(2)).map { $0 < 16 } ?? false
    }

    /// Calls `body` with each member that is not null.
    private func forEachPresent(
        _ range: Range<Int>, _ body: (_ key: Range<Int>, _ value: Range<Int>) throws(EventError) -> Void
    ) throws(EventError) {
        try reader.forEachMember(range) { key, value throws(EventError) in
            if reader.bytes[value.lowerBound] != 0x6E { try body(key, value) }
        }
    }
}
