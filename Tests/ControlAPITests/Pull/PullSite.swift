import ControlAPI
import Fleet
import GatewayModel
import GatewayTestKit
import HTTPServer
import JSONText
import Journal
import SQLite

/// A journal behind the routes by which it is pulled, without sockets.
final class PullSite: Sendable {
    let folder: TemporaryFolder
    let clock = VirtualClock()
    let journal: Journal
    private let devices: DeviceRegistry
    private let table: RouteTable

    /// What a request came to.
    struct Answer {
        var status: Int
        var headers: HTTPHeaders
        var body: [UInt8]

        var lines: [JSON] {
            get throws {
                try body.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: Array($0)) }
            }
        }

        var json: JSON { get throws { try JSON(parsing: body) } }
        var next: Int64? { headers["Mycogate-Next"].flatMap { Int64($0) } }
        var more: Bool? { headers["Mycogate-More"].flatMap { Bool($0) } }
    }

    /// - Parameter other: a closed site of which this one has the segments and nothing else.
    init(segmentSize: Int64 = 64 << 20, maxBytes: Int64 = 2 << 30, segmentsOf other: PullSite? = nil) throws {
        folder = try TemporaryFolder("pull")
        if let other {
            _ = try ChildProcess("cp", ["-r", other.folder.file("journal"), folder.path]).waitForExit()
        }
        journal = try JournalFolder.open(folder.path, clock: clock, segmentSize: segmentSize, maxBytes: maxBytes)
        let state = try Database(path: folder.file("fleet.db"))
        try state.migrate(DeviceRegistry.migrations)
        devices = try DeviceRegistry(database: state)
        table = try Self.table(journal, state, devices, clock)
    }

    func get(_ target: String, accept encoding: String? = nil) async throws -> Answer {
        var headers: HTTPHeaders = [:]
        headers["Accept-Encoding"] = encoding
        return try await send(HTTPRequest("GET", target, headers: headers))
    }

    func acknowledge(_ stream: String, _ body: JSON) async throws -> Answer {
        try await send(
            HTTPRequest(
                "POST", "/api/v1/sync/\(stream)/ack", headers: ["Content-Type": "application/json"], body: body.bytes))
    }

    /// The answer as it is handed to the server, of which nothing has been sent yet.
    func response(to target: String) async throws -> HTTPResponse {
        guard let request = HTTPRequest("GET", target) else { throw JSONError.malformed }
        return await table.respond(to: request)
    }

    private func send(_ request: HTTPRequest?) async throws -> Answer {
        guard let request else { throw JSONError.malformed }
        let response = await table.respond(to: request)
        guard case .bytes(let body) = response.body else { throw JSONError.malformed }
        return Answer(status: response.status, headers: response.headers, body: body)
    }

    /// Stores readings of one device with consecutive numbers.
    func store(_ range: Range<Int>) throws {
        var batch = ObservationBatch()
        guard let device = DeviceID("board-1").flatMap({ DeviceName($0) }) else { return }
        for number in range {
            var observation = Observation(device: device, received: clock.now(), source: .mqtt)
            observation.deviceSeq = UInt32(number)
            observation.payloadHash = UInt64(number)
            batch.append(Reading(MetricName(known: "x"), .number(Double(number))))
            batch.append(observation)
        }
        try store(batch)
    }

    /// Stores observations of devices that are then known.
    func store(_ batch: ObservationBatch) throws {
        try journal.append(batch)
        devices.seen(batch.observations)
    }

    /// Stores one note.
    func store(_ stream: StreamName, kind: String, body: String = "{}") throws {
        var batch = ObservationBatch()
        batch.append(Note(stream, kind: kind, body: body, received: clock.now()))
        try journal.append(batch)
    }

    private static func table(
        _ journal: Journal, _ state: Database, _ devices: DeviceRegistry, _ clock: VirtualClock
    ) throws -> RouteTable {
        guard let gateway = DeviceID("gw-pull-1") else { throw JSONError.malformed }
        let sources = ControlSources(
            gateway: gateway, site: nil, version: "1", started: clock.now(), clock: clock, journal: journal,
            devices: devices, commands: CommandQueue(database: state, boot: "b7e1"),
            obstacles: { [] }, warnings: { [] },
            destinations: {
                [
                    DestinationReport(
                        name: "mas", kind: "mas", url: "http://127.0.0.1:1", state: "held", reason: nil, lag: 0,
                        lastAcknowledgement: nil, sent: 0, refused: 0)
                ]
            }, ports: { [] }, rejections: { [:] }, measures: { [] }, flush: { _ in [] }, announce: { [] },
            resend: { _ in .unknown },
            ingest: { _ throws(IngestRefusal) in throw IngestRefusal.unavailable("no intake here") }, uuid: { "" },
            residentBytes: { 0 })
        return RouteTable(
            title: "Pull", version: "1", routes: ControlRoutes(sources).all, access: { _, _ in .allow(.anonymous) })
    }
}
