import EventLog
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// `GET /v1/events`: 200 with the entries that satisfy every filter, lane by lane in order of position.
    ///
    /// A page that looked through its share of the log may be short, or empty, and still have a next one.
    @Sendable func events(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(
            request,
            known: [
                "server_id", "type", "operation", "status", "actor", "request_id", "project_id", "host", "http_status",
                "from", "until", "lane", "known_at", "limit", "cursor",
            ])
        let filter = try EventFilter(query, lanes: log.lanes)
        let limit = Int(try query.limit())
        let cursor = try query.cursor()
        var next: (lane: Int16, position: Int64)? = (filter.lanes.lowerBound, 0)
        if let cursor {
            next = (try cursor.lane(), try cursor.int("position"))
            guard let next, filter.lanes.contains(next.lane) else { throw Cursor.refused }
        }
        let start = next!
        let bound = try knownAt(query)
        let found = try await read(context) { connection in
            let asOf = try AsOf.log(connection, knownAt: bound)
            var rows: [Queries.Events.FetchEvents] = []
            var at: (lane: Int16, position: Int64)? = start
            var budget = Self.scannedPositions
            while let place = at, budget > 0, rows.count < limit {
                let size = asOf.sizes[Int(place.lane)]
                let until = min(size, place.position + budget)
                let wanted = limit - rows.count
                let page = try connection.fetchAll(
                    filter.query(lane: place.lane, from: place.position, until: until, limit: Int32(wanted)))
                rows += page
                let scanned = page.count == wanted ? page[wanted - 1].position + 1 : until
                budget -= max(1, scanned - place.position)
                at =
                    scanned < size
                    ? (place.lane, scanned) : place.lane + 1 < filter.lanes.upperBound ? (place.lane + 1, 0) : nil
            }
            return (rows: rows, next: at, asOf: asOf)
        }
        let nextCursor = found.next.map {
            Cursor(["lane": .number(Double($0.lane)), "position": .number(Double($0.position))]).text
        }
        return Response(
            [
                "events": .array(
                    try found.rows.map {
                        try Self.entry($0.lane, $0.position, $0.recordedAt, $0.leafHash, $0.body)
                    }),
                "next_cursor": nextCursor.map { .string($0) } ?? .null,
            ], asOf: found.asOf, to: request, headers: nextCursor.map(request.nextLink) ?? [:])
    }

    /// `GET /v1/events/{lane}/{position}`: 200 with one entry; 404 where there is none.
    @Sendable func event(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryParameters(request, known: [])
        let place = try entryPlace(context)
        let (row, asOf) = try await read(context) { connection in
            (
                try connection.fetchOptional(Queries.Events.fetchEvent(lane: place.lane.number, position: place.index)),
                try AsOf.log(connection)
            )
        }
        guard let row else { throw Problem(.notFound, "the log has no entry \(place)") }
        let entry = try Self.entry(row.lane, row.position, row.recordedAt, row.leafHash, row.body)
        return Response(["entry": entry], asOf: asOf, to: request)
    }

    private static func entry(
        _ lane: Int16, _ position: Int64, _ recordedAt: Timestamp, _ leafHash: Bytes, _ body: String
    ) throws -> JSON {
        [
            "lane": .number(Double(lane)), "position": .number(Double(position)), "recorded": JSON(recordedAt),
            "leaf_hash": .string(Data(leafHash.bytes).base64EncodedString()), "event": try JSON(parsing: body),
        ]
    }
}

/// Which entries are wanted.
private struct EventFilter: Sendable {
    let lanes: Range<Int16>
    private let serverID: UUID?
    private let type: String?
    private let operation: String?
    private let status: String?
    private let actor: String?
    private let requestID: String?
    private let projectID: String?
    private let host: String?
    private let httpStatus: Range<Int32>?
    private let from: Timestamp?
    private let until: Timestamp?

    /// What `type` may be shortened to.
    private static let shortTypes = [
        "call": EventType.call, "status": EventType.status, "backend_details": EventType.backendDetails,
        "coverage": EventType.coverage,
    ]

    init(_ query: QueryParameters, lanes: Int16) throws(Problem) {
        serverID = try query.uuid("server_id")
        let type = try query.text("type")
        self.type = type.map { Self.shortTypes[$0] ?? $0 }
        operation = try query.operation("operation")?.rawValue
        status = try query.text("status")
        actor = try query.text("actor")
        requestID = try query.text("request_id")
        projectID = try query.text("project_id")
        host = try query.text("host")
        httpStatus = try query.httpStatus("http_status")
        from = try query.time("from")
        until = try query.time("until")
        if let lane = try query.lane("lane", lanes: lanes) {
            self.lanes = lane..<lane + 1
        } else if let serverID {
            let lane = Lane(of: serverID, lanes: lanes).number
            self.lanes = lane..<lane + 1
        } else {
            self.lanes = 0..<lanes
        }
    }

    func query(lane: Int16, from position: Int64, until: Int64, limit: Int32) -> Query<Queries.Events.FetchEvents> {
        Queries.Events.fetchEvents(
            lane: lane, from: position, until: until, serverId: serverID, type: type, operation: operation,
            actorUserId: actor, requestId: requestID, projectId: projectID, httpStatusFrom: httpStatus?.lowerBound,
            httpStatusUntil: httpStatus?.upperBound, occurredFrom: from, occurredUntil: self.until, status: status,
            host: host, limit: limit)
    }
}
