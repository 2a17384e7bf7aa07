import CloudSync
import EventLoop
import Fleet
import GatewayModel
import GatewayTestKit
import JSONText
import SQLite
import Testing

/// The downlink queue and the health reports of a stand-in MINDEX over real sockets.
@Suite(.serialized)
struct MINDEXErrandsTests {
    private let rig = ServerRig()
    private let database: Database
    private let commands: CommandQueue
    private let server: StandInMINDEX
    private let uuid = "0f8f9f70-1111-4222-8333-444455556666"

    init() throws {
        database = try Database(path: ":memory:")
        try database.migrate(DeviceRegistry.migrations + DownlinkMemory.migrations)
        commands = CommandQueue(database: database, boot: "boot")
        server = try StandInMINDEX()
        server.register("board-1", uuid: uuid)
    }

    private func memory() -> DownlinkMemory {
        DownlinkMemory(
            database: database, source: "mindex", commands: commands, origin: "mindex:mindex",
            principal: "mindex:mindex", audit: { _ in })
    }

    private func destination(
        _ credentials: MINDEXCredentials = MINDEXCredentials(token: .preShared("token"))
    ) throws -> FormatDestination<MINDEXFormat> {
        let base = MINDEXAddress.base(server.url)
        var settings = MINDEXErrands.Settings(base: base, credentials: credentials, gatewayID: "gw-1")
        settings.pollInterval = 20
        settings.healthInterval = 20
        let device = DeviceAnnouncement(id: DeviceID("board-1")!, source: .serial)
        let memory = memory()
        let errands = settings
        return try rig.destination(
            "mindex",
            MINDEXFormat(base: base, credentials: credentials, gateway: "gw-1", epoch: "epoch"),
            sideTraffic: { MINDEXErrands(errands, memory: memory, devices: { [device] }, seed: 1) })
    }

    private func answer(_ id: String, _ state: DeviceCommand.State, _ result: String) {
        _ = try? commands.report(memory().localID(of: id), state, result: result)
    }

    private var queued: [DeviceCommand] { (try? commands.recent(limit: 100)) ?? [] }

    @Test func aCommandIsFetchedDoneOnceAndAnswered() async throws {
        server.setAcknowledging(fails: false)
        server.queue("c-1", serial: "board-1", payload: #"{"cmd":"mosfet","target":"M1","value":true,"params":{}}"#)
        let destination = try destination()
        try await rig.run(destination) {
            #expect(Eventually.holds { queued.count == 1 })
            // It stays pending until it is answered, and is offered at every poll.
            let polls = server.withLedger { $0.polls }
            #expect(server.wait { $0.polls >= polls + 3 })
            #expect(queued.map(\.name) == ["output_control"])
            #expect(queued.first?.origin == "mindex:mindex")
            answer("c-1", .acknowledged, "mosfet_updated")
            #expect(server.wait { $0.acknowledgements.count == 1 })
        }
        #expect(server.withLedger { $0.acknowledgements.map(\.message) } == ["mosfet_updated"])
        #expect(server.withLedger { $0.acknowledgements.map(\.isSuccess) } == [true])
        #expect(queued.count == 1)
    }

    @Test func anAnswerThatCannotBeToldIsTriedAFewTimesAndTheRestGoesOn() async throws {
        server.queue("c-1", serial: "board-1", payload: #"{"cmd":"reboot","target":"A","value":0,"params":{}}"#)
        for _ in 0..<20 { rig.stream.append("board-1") }
        let destination = try destination()
        try await rig.run(destination) {
            for attempts in 1...DownlinkMemory.attemptsMax {
                let isTried = Eventually.holds {
                    destination.flush()
                    return server.withLedger { $0.acknowledgementsTried } >= attempts
                }
                #expect(isTried)
            }
            #expect(Eventually.holds { destination.status.warnings.contains { $0.contains("could not be told") } })
            let polls = server.withLedger { $0.polls }
            #expect(server.wait { $0.polls > polls + 3 })
            #expect(rig.drains(destination, 20))
        }
        #expect(server.withLedger { $0.acknowledgementsTried } == DownlinkMemory.attemptsMax)
        #expect(queued.isEmpty)
    }

    @Test func aRestartBetweenDoingAndTellingDoesNothingTwice() async throws {
        server.setAcknowledging(fails: false)
        server.queue("c-1", serial: "board-1", payload: #"{"cmd":"read_sensors","params":{}}"#)
        try await rig.run(try destination()) { #expect(Eventually.holds { queued.count == 1 }) }
        answer("c-1", .sent, "")
        try await rig.run(try destination()) {
            let polls = server.withLedger { $0.polls }
            #expect(server.wait { $0.polls >= polls + 3 })
            answer("c-1", .refused, "estop_active")
            #expect(server.wait { $0.acknowledgements.count == 1 })
        }
        #expect(queued.count == 1)
        #expect(server.withLedger { $0.acknowledgements.map(\.isSuccess) } == [false])
    }

    @Test func healthIsReportedOnceTheDeviceIsKnownThere() async throws {
        let destination = try destination()
        try await rig.run(destination) {
            #expect(server.wait { $0.polls >= 3 })
            #expect(server.withLedger { $0.reports.isEmpty })
            rig.stream.append("board-1")
            #expect(server.wait { !$0.reports.isEmpty })
        }
        let report = try JSON(parsing: try #require(server.withLedger { $0.reports.first }))
        #expect(report["device_slug"]?.string == "board-1" && report["status"]?.string == "online")
    }

    @Test func aSignedTokenAloneFetchesNothingAndSaysSo() async throws {
        let destination = try destination(MINDEXCredentials(token: .signed(service: "gw", secret: "s")))
        try await rig.run(destination) {
            #expect(Eventually.holds { destination.status.warnings.contains { $0.contains("/mycobrain") } })
        }
        #expect(server.withLedger { $0.polls } == 0)
    }

    @Test(arguments: [MASFault.page, .huge, .corrupt, .garbage, .status(500), .status(401), .closed, .halfBody])
    func aBadAnswerOfTheQueueHoldsUpNothing(fault: MASFault) async throws {
        server.queue("c-1", serial: "board-1", payload: #"{"cmd":"read_sensors","params":{}}"#)
        server.inject(fault, times: 2, on: "pending")
        server.inject(fault, on: "serial")
        for _ in 0..<10 { rig.stream.append("board-1") }
        let destination = try destination()
        try await rig.run(destination) {
            #expect(rig.drains(destination, 10))
            let isTaken = Eventually.holds(within: .seconds(30)) {
                destination.flush()
                return queued.count == 1
            }
            #expect(isTaken)
        }
    }
}
