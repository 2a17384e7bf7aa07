import FieldProtocols
import Fleet
import GatewayModel
import HTTPServer
import Journal
import JSONText
import Synchronization

/// All routes of the gateway over one set of sources.
public struct ControlRoutes: Sendable {
    let sources: ControlSources
    let watch: AppendWatch
    /// Keeps rendered names between pages; rebuilt when the epoch changes, which it does only at a restart.
    let rendering: SharedRendering
    /// Large answers that have to be held while they are sent.
    let bulk = BulkPermits(3)

    public init(_ sources: ControlSources) {
        self.sources = sources
        watch = AppendWatch(sources.journal)
        rendering = SharedRendering(RecordJSON(gateway: sources.gateway.text, epoch: sources.journal.epoch))
    }

    /// Every route, for `RouteTable`.
    public var all: [Route] {
        healthRoutes + siteRoutes + readingRoutes + spectrumRoutes + importRoutes + commandRoutes + calibrationRoutes
            + taskRoutes + syncRoutes + serviceRoutes + agentRoutes + [dashboardRoute]
    }

    var now: ReceiveTime { sources.clock.now() }

    /// Enters an action in the audit stream. Throws 503 if it cannot be written: what cannot be audited is not done.
    func audit(_ kind: String, device: DeviceID? = nil, by principal: Principal, _ particulars: JSON) throws(Problem) {
        var members = particulars.members ?? []
        members.insert(.init(key: "principal", value: .string(principal.origin)), at: 0)
        do throws(JournalError) {
            try append(Note(.audit, kind: kind, device: device, body: JSON.object(members).text, received: now))
        } catch {
            throw Problem(503, "audit_unavailable", "the action could not be entered in the audit: \(error)")
        }
    }

    /// Stores one note. Durable on return.
    func append(_ note: Note) throws(JournalError) {
        var batch = ObservationBatch()
        batch.append(note)
        try sources.journal.append(batch)
    }

    /// The device that a path names. Throws 404.
    func device(_ text: String) throws(Problem) -> DeviceID {
        guard let id = DeviceID(text), sources.devices.device(id) != nil else {
            throw .notFound("no device `\(text.prefix(128))`: `mycogate devices` lists them")
        }
        return id
    }

    static func json(_ value: JSON, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "application/json", value.bytes + [0x0A])
    }
}

/// One rendering for all pullers: the names it keeps are the same for everybody.
final class SharedRendering: Sendable {
    private let rendering: Mutex<RecordJSON>

    init(_ rendering: RecordJSON) { self.rendering = Mutex(rendering) }

    /// A copy to render one page with; what it learns is kept for the next.
    func withCopy<R, E: Error>(_ body: (inout RecordJSON) throws(E) -> R) throws(E) -> R {
        var copy = rendering.withLock { $0 }
        let result = try body(&copy)
        rendering.withLock { $0 = copy }
        return result
    }
}
