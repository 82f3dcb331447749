import EventLog
import HTTPTypes
import Hummingbird
import Postgres
import Queries
import ShareServers
import TransparencyLog

extension QueryService {
    /// `GET /v1/checkpoints`: 200 with what was signed of a lane, the newest first.
    @Sendable func checkpoints(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(request, known: ["lane", "limit", "cursor"])
        let lane = Lane(try query.lane("lane", lanes: log.lanes) ?? 0)
        let limit = try query.limit()
        let before = try query.cursor().map { cursor throws(Problem) in try cursor.int("size") }
        let (rows, asOf) = try await read(context) { connection in
            (
                try KeptCheckpoint.fetch(lane: lane, before: before, limit: limit + 1, on: connection),
                try AsOf.log(connection)
            )
        }
        let page = rows.prefix(Int(limit))
        let next = rows.count > page.count ? page.last.map { Cursor(["size": .count($0.size)]).text } : nil
        return Response(
            ["checkpoints": .array(page.map(\.json)), "next_cursor": .text(next)], asOf: asOf, to: request,
            headers: next.map(request.nextLink) ?? [:])
    }

    /// `GET /v1/checkpoints/consistency`: 200 with the proof that a lane's first entries are a prefix of more of them.
    @Sendable func consistency(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(request, known: ["lane", "from", "to"])
        let lane = Lane(try query.lane("lane", lanes: log.lanes) ?? 0)
        let (from, to) = (try query.size("from"), try query.size("to"))
        guard from <= to else { throw Problem.parameter("from", "it is larger than 'to'") }
        let tree = KeptTree(lane: lane)
        let found = try await read(context) { connection in
            guard let newest = try KeptCheckpoint.newest(of: lane, on: connection) else {
                throw Self.unsigned(lane)
            }
            guard to <= newest.size else {
                throw Problem.parameter("to", "the newest checkpoint is of \(newest.size) entries")
            }
            return (
                roots: [try tree.root(of: from, on: connection), try tree.root(of: to, on: connection)],
                path: try tree.consistency(from: from, to: to, on: connection),
                asOf: try AsOf.log(connection)
            )
        }
        return Response(
            [
                "lane": .count(Int64(lane.number)),
                "from": ["size": .count(from), "root": .string(found.roots[0].base64)],
                "to": ["size": .count(to), "root": .string(found.roots[1].base64)],
                "hashes": .array(found.path.map { .string($0.base64) }),
            ], asOf: found.asOf, to: request)
    }

    /// `GET /v1/events/{lane}/{position}/proof`: 200 with a `.tlog-proof`; 404 where there is no such entry, 409 where no
    /// checkpoint covers it yet.
    ///
    /// Who sees some projects only gets the proof of an entry that they see; the hashes in it are of all.
    @Sendable func proof(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryParameters(request, known: [])
        let place = try entryPlace(context)
        if context.asker.projects != nil {
            let query = Queries.Events.fetchEvent(lane: place.lane.number, position: place.index)
            let seen = try await read(context) { connection in try connection.fetchOptional(query) }
            guard seen != nil else { throw Problem(.notFound, "the log has no entry \(place)") }
        }
        let proof = try await readAll { connection in
            guard let head = try connection.fetchOptional(Queries.Log.fetchHead(lane: place.lane.number)),
                place.index < head.size
            else { throw Problem(.notFound, "the log has no entry \(place)") }
            guard let newest = try KeptCheckpoint.newest(of: place.lane, on: connection) else {
                throw Self.unsigned(place.lane)
            }
            guard place.index < newest.size else {
                throw Problem(
                    .conflict,
                    "no checkpoint covers entry \(place) yet: the newest is of \(newest.size) entries; ask again later")
            }
            let path = try KeptTree(lane: place.lane).inclusion(of: place.index, in: newest.size, on: connection)
            let entry = try connection.fetchOne(
                Queries.Events.fetchEvent(lane: place.lane.number, position: place.index))
            // A proof that would not verify is no answer.
            guard
                Proof.verifyInclusion(
                    of: Merkle.leaf(Array(entry.body.utf8)), at: UInt64(place.index), in: UInt64(newest.size),
                    root: newest.root, path: path)
            else {
                throw Problem(
                    .internalServerError,
                    "entry \(place) is not what was signed: no proof of it would verify; run 'dossier verify'")
            }
            return EntryProof(index: UInt64(place.index), path: path, note: newest.note)
        }
        return Response(
            bytes: Array(proof.description.utf8), contentType: Self.noteType, headers: [.cacheControl: "no-cache"])
    }

    static let noteType = "text/plain; charset=utf-8"

    static func unsigned(_ lane: Lane) -> Problem {
        Problem(
            .conflict, "no checkpoint of lane \(lane) was ever signed: start the service with --signing-key")
    }

    /// The entry that a path names.
    func entryPlace(_ context: Context) throws(Problem) -> Position {
        guard let lane = context.parameters.get("lane").flatMap({ Int16($0) }), lane >= 0,
            let position = context.parameters.get("position").flatMap({ Int64($0) }), position >= 0
        else { throw Problem(.badRequest, "an entry is named by lane and position, such as /v1/events/0/42") }
        return Position(lane: Lane(lane), index: position)
    }
}

extension QueryParameters {
    /// How many entries; it must be given.
    fileprivate func size(_ name: String) throws(Problem) -> Int64 {
        guard let text = try text(name), let size = Int64(text), size > 0 else {
            throw .parameter(name, "a number of entries, at least 1, is expected")
        }
        return size
    }
}

extension KeptCheckpoint {
    fileprivate var json: JSON {
        [
            "lane": .count(Int64(lane.number)), "size": .count(size), "root": .string(root.base64),
            "made_at": JSON(madeAt), "note": .string(note.description),
            "signers": .array(note.signatures.map { .string($0.name) }),
        ]
    }
}
