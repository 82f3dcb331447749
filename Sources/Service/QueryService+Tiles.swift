import EventLog
import HTTPTypes
import Hummingbird
import Postgres
import Queries
import TransparencyLog

/// The log as others follow it, who know nothing of share servers.
///
/// - Source: C2SP tlog-tiles.
extension QueryService {
    func addTiles(to router: Router<Context>) {
        for prefix in ["", "/lane/:lane"] {
            router.get("\(prefix)/checkpoint", use: checkpoint)
            router.get("\(prefix)/tile/:level/**", use: tile)
        }
    }

    /// `GET /checkpoint`: 200 with the newest checkpoint and its cosignatures; 404 before the first.
    @Sendable func checkpoint(_ request: Request, _ context: Context) async throws -> Response {
        let lane = try tiledLane(context)
        let note = try await read(context) { connection in try KeptCheckpoint.newest(of: lane, on: connection)?.note }
        guard let note else { throw Problem(.notFound, Self.unsigned(lane).detail) }
        return Response(
            bytes: Array(note.description.utf8), contentType: Self.noteType, headers: [.cacheControl: "no-cache"])
    }

    /// `GET /tile/{level}/{index}` and `GET /tile/entries/{index}`: 200 with up to 256 hashes, or entries; 404 where the
    /// newest checkpoint does not cover all of it. Neither ever changes.
    @Sendable func tile(_ request: Request, _ context: Context) async throws -> Response {
        let lane = try tiledLane(context)
        let path = ([context.parameters.get("level") ?? ""] + context.parameters.getCatchAll().map(String.init))
            .joined(separator: "/")
        guard let tile = Tile(path: path) else {
            throw Problem(.notFound, "there is no tile of this name; C2SP tlog-tiles says how they are named")
        }
        let bytes = try await read(context) { connection in
            let size = try KeptCheckpoint.newest(of: lane, on: connection)?.size ?? 0
            guard tile.isWhole(in: UInt64(size)), let indices = tile.indices else {
                throw Problem(.notFound, "the newest checkpoint, of \(size) entries, does not cover all of this tile")
            }
            switch tile.content {
            case .hashes(let level):
                return try KeptTree(lane: lane).hashes(level: level, indices, on: connection).flatMap(\.bytes)
            case .entries:
                let bodies = try connection.fetchAll(
                    Queries.Log.fetchBodies(
                        lane: lane.number, from: Int64(indices.lowerBound), until: Int64(indices.upperBound)))
                guard bodies.count == tile.width else { throw LogError.damaged(lane: lane) }
                return try Self.bundle(bodies.map(\.body), of: lane)
            }
        }
        return Response(
            bytes: bytes, contentType: "application/octet-stream",
            headers: [.cacheControl: "max-age=31536000, immutable"])
    }

    /// Each entry after its length in two bytes, the higher first.
    private static func bundle(_ bodies: [String], of lane: Lane) throws(LogError) -> [UInt8] {
        var bundle: [UInt8] = []
        for body in bodies {
            guard let length = UInt16(exactly: body.utf8.count) else { throw .damaged(lane: lane) }
            bundle += [UInt8(length >> 8), UInt8(truncatingIfNeeded: length)]
            bundle += body.utf8
        }
        return bundle
    }

    /// The lane that a path is below: named where there are several, and not named where there is one.
    private func tiledLane(_ context: Context) throws(Problem) -> Lane {
        guard let text = context.parameters.get("lane") else {
            guard log.lanes == 1 else {
                throw Problem(.notFound, "the log has \(log.lanes) lanes, each below /lane/ and its number")
            }
            return Lane(0)
        }
        guard log.lanes > 1, let number = Int16(text), "\(number)" == text, (0..<log.lanes).contains(number) else {
            throw Problem(
                .notFound,
                log.lanes == 1
                    ? "the log has one lane, at /checkpoint and /tile/" : "the lanes are 0 to \(log.lanes - 1)")
        }
        return Lane(number)
    }
}
