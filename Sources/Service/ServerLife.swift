import FoundationEssentials
import Postgres
import Queries
import ShareServers

/// How a server came and went, at whose call, and which servers it was before and after.
///
/// Servers come and go with no call that names them: for shares that need one, with networks, in clean-ups. Where that is
/// so, `cause` is null.
struct ServerLife: Sendable {
    private let appeared: JSON
    private let went: JSON
    private let chain: [JSON]
    /// Whether all its sources say when they watch, so that there may be gaps; where only what was known is asked for, that
    /// is not looked up.
    let isCovered: Bool

    /// Links of a chain that are told. Source: a server is seldom unmanaged and managed again more than a few times.
    private static let links: Int32 = 100

    /// - Parameters:
    ///   - until: As of this moment, exclusive; nil: now.
    ///   - known: As of what was known then; nil: of all there is.
    init(
        of id: UUID, lane: Int16, until: Timestamp?, known: KnownAt?, _ connection: isolated Connection
    ) throws(PostgresError) {
        let ends = try connection.fetchAll(
            Queries.Servers.fetchEnds(lane: lane, serverId: id, until: until, known: known?.sizes))
        appeared = ends.first { $0.isFirst }.map(Self.end) ?? .null
        went = ends.first { !$0.isFirst }.map(Self.end) ?? .null
        func isPast(_ time: Timestamp) -> Bool { until.map { time < $0 } ?? true }
        let ties =
            known == nil ? try connection.fetchOptional(Queries.Servers.fetchTies(lane: lane, serverId: id)) : nil
        isCovered = ties?.isCovered ?? (known != nil)
        let isLinked = ties?.isLinked ?? (known != nil)
        guard isLinked else {
            chain = [Self.link(id, lane, ends.first { $0.isFirst }?.fromAt, ends.first { !$0.isFirst }?.fromAt)]
            return
        }
        let links = try connection.fetchAll(
            Queries.Servers.fetchChain(
                lane: lane, serverId: id, known: known?.sizes, until: until, limit: Self.links))
        chain = links.filter { $0.serverId == id || $0.firstSeenAt.map(isPast) ?? true }.map { link in
            Self.link(link.serverId, link.lane, link.firstSeenAt, link.goneAt)
        }
    }

    private static func link(_ id: UUID, _ lane: Int16, _ firstSeen: Timestamp?, _ gone: Timestamp?) -> JSON {
        [
            "id": .string(id.text), "lane": .number(Double(lane)), "first_seen": JSON(firstSeen), "gone": JSON(gone),
        ]
    }

    private static func end(_ row: Queries.Servers.FetchEnds) -> JSON {
        [
            "at": JSON(row.fromAt), "status": .string(row.status), "not_before": JSON(row.notBefore),
            "cause": JSON(row.cause),
        ]
    }

    /// Members of an answer about one server.
    var members: [String: JSON] { ["appeared": appeared, "went": went, "chain": .array(chain)] }
}
