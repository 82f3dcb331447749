/// The `type`s of events that Dossier understands. Events of other types are kept, and mean nothing to projections.
public enum EventType {
    /// One API call.
    public static let call = "org.openstack.manila.share_server.call"
    /// A server was seen in a state.
    public static let status = "org.openstack.manila.share_server.status"
    /// Key-value details of a server's back end, as shown.
    public static let backendDetails = "org.openstack.manila.share_server.backend_details"
    /// A source started, is alive, stopped, or found a gap.
    public static let coverage = "org.dossier.source.coverage"

    /// Somebody read the log, or what is made of it, through the query API. Projections ignore it.
    public static let read = "org.dossier.api.read"

    /// A gateway is about to pass on a call that may change something. What came of it is a `call` event: see
    /// `Call.intent`. Projections ignore it.
    public static let intent = "org.dossier.gateway.intent"

    /// What the types of events about share servers begin with: the `subject` of these is a server's UUID.
    static let shareServer = "org.openstack.manila.share_server."
}
