import Drivers
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import Serial
import Testing

@Suite(.timeLimit(.minutes(5))) struct SerialCommandTests {
    private let device = SerialSite.device

    @Test func aCommandIsSentAndItsAnswerReported() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        try await site.run(site.configuration()) { intake in
            await site.wait { $0.presence(of: device) == .online }
            board.sayHello()
            await site.wait { $0.sightings.contains { $0.reportedID != nil } }
            try submit("output_control", #"{"id":"mosfet1","value":1}"#, to: intake, site)
            let command = try #require(board.receiveCommand("output_control"))
            #expect(command.header.destination == .sideA && command.header.source == .gateway)
            #expect(command.payload.contains(#""mosfet1""#))
            board.answer(command.header.seq, message: "mosfet_updated")
            await site.wait { $0.reports.contains { $0.state.isFinal } }
            let reports = site.ledger.reports
            #expect(reports.map(\.state) == [.sent, .acknowledged])
            #expect(reports.last?.result?.contains("mosfet_updated") == true)
        }
    }

    @Test func aRefusalOfTheBoardIsReported() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        try await site.run(site.configuration()) { intake in
            await site.wait { $0.presence(of: device) == .online }
            board.sayHello()
            await site.wait { $0.sightings.contains { $0.reportedID != nil } }
            try submit("output_control", #"{"id":"led1"}"#, to: intake, site)
            let command = try #require(board.receiveCommand("output_control"))
            board.answer(command.header.seq, success: false, message: "invalid_output_id")
            await site.wait { $0.reports.contains { $0.state == .refused } }
            #expect(site.ledger.reports.last?.result?.contains("invalid_output_id") == true)
        }
    }

    /// About one frame in forty would hold a byte that clears the board's buffer; all of them must get through.
    @Test func noCommandIsLostToANewlineInItsFrame() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        try await site.run(site.configuration()) { intake in
            await site.wait { $0.presence(of: device) == .online }
            board.sayHello()
            await site.wait { $0.sightings.contains { $0.reportedID != nil } }
            for number in 1...120 {
                try submit("output_control", #"{"id":"mosfet1","value":\#(number)}"#, to: intake, site)
                let command = try #require(board.receiveCommand("output_control"))
                board.answer(command.header.seq, message: "mosfet_updated")
                await site.wait { $0.reports.count { $0.state == .acknowledged } == number }
            }
        }
    }

    @Test func anEmergencyStopWaitsForNoAnswer() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        try await site.run(site.configuration()) { intake in
            await site.wait { $0.presence(of: device) == .online }
            board.sayHello()
            await site.wait { $0.sightings.contains { $0.reportedID != nil } }
            try submit("output_control", #"{"id":"mosfet1","value":1}"#, to: intake, site)
            _ = try #require(board.receiveCommand("output_control"))
            try submit("estop", "{}", to: intake, site)
            let stop = try #require(board.receiveCommand("estop"))
            #expect(site.ledger.reports.map(\.state) == [.sent, .sent])
            board.answer(stop.header.seq, message: "estop_activated")
            await site.wait { $0.reports.contains { $0.state == .acknowledged } }
            #expect(site.ledger.reports.last?.id == "estop-1")
        }
    }

    @Test func aBoardThatReadsNothingHoldsUpNoOther() async throws {
        let site = try SerialSite()
        let deaf = try SimulatedMDPBoard()
        var board = try SimulatedMDPBoard(reportedID: "mycobrain-a1df7c")
        try deaf.pair.link(at: site.link("usb-Deaf_1234-if00"))
        try board.pair.link(at: site.link(SerialSite.name))
        let places = [site.link("usb-Deaf_1234-if00"), site.link(SerialSite.name)].map { SerialPlace(path: $0) }
        try await site.run(SerialIntake.Configuration(places: places)) { intake in
            await site.wait { $0.presence(of: device) == .online && $0.presence(of: deafDevice) == .online }
            // Estops are sent without waiting for answers: more than the terminal's buffer takes.
            let id = try #require(DeviceID(deafDevice))
            site.change { ledger in
                for number in 1...1_500 { ledger.waiting.append(Self.command("estop-\(number)", id, "estop", "{}")) }
            }
            intake.commandsWaiting(for: id)
            for number in 1...50 { board.sendTelemetry(marker: number) }
            await site.wait { $0.sequences(of: device).count == 50 }
            await site.wait { $0.reports.count { $0.state == .sent } == 1_500 }
            board.sendTelemetry(marker: 51)
            await site.wait { $0.sequences(of: device).count == 51 }
        }
    }

    @Test func aFrameIsAcknowledgedToTheBoardOnlyAfterTheCommit() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        try await site.run(site.configuration()) { _ in
            await site.wait { $0.presence(of: device) == .online && !$0.notes("serial_port_opened").isEmpty }
            let hello = try #require(board.receiveCommand("hello"))
            board.answerHello(hello.header.seq)
            await site.wait { $0.sightings.contains { $0.reportedID != nil } }
            site.change { $0.refusesCommits = true }
            board.pair.send(board.telemetry(marker: 1, flags: .ackRequested))
            await site.wait { $0.refusedCommits > 1 }
            // A HELLO that was asked for again may stand there; an acknowledgement would be another frame.
            #expect(board.receiveFrame(within: .zero) { header, _ in header.type == .ack } == nil)
            site.change { $0.refusesCommits = false }
            let ack = try #require(board.receiveFrame { header, _ in header.type == .ack })
            #expect(site.ledger.entries.count == 1)
            #expect(ack.header.ack == 2 && ack.header.flags == .isAck && ack.payload.isEmpty)
        }
    }

    @Test func nothingIsLostWhileTheJournalTakesNothing() async throws {
        let site = try SerialSite()
        var board = try site.plugIn()
        try await site.run(site.configuration()) { intake in
            await site.wait { $0.presence(of: device) == .online && !$0.notes("serial_port_opened").isEmpty }
            site.change { $0.refusesCommits = true }
            board.sendTelemetry(marker: 1)
            await site.wait { $0.refusedCommits > 0 }
            #expect(site.ledger.entries.isEmpty)
            site.change { $0.refusesCommits = false }
            board.sendTelemetry(marker: 2)
            await site.wait { $0.entries.count == 2 }
            #expect(Set(site.ledger.sequences(of: device)).count == 2)
        }
    }

    @Test func aBorrowedPortIsTheBorrowersAloneAndComesBack() async throws {
        let site = try SerialSite()
        var board = try SimulatedMDPBoard()
        let path = site.link(SerialSite.name)
        try board.pair.link(at: path)
        try await site.run(site.configuration()) { intake in
            await site.wait { $0.presence(of: device) == .online }
            let lease = try await intake.leases.borrow(path, for: "firmware")
            let port = try SerialPort(opening: path)
            #expect(site.ledger.presence(of: device) == .offline)
            port.close()
            lease.giveBack()
            await site.wait { $0.presence(of: device) == .online }
            board.sendTelemetry(marker: 7)
            await site.wait { $0.entries.count == 1 }
        }
    }

    private let deafDevice = "mycobrain-usb-deaf_1234-if00"

    private func submit(_ name: String, _ params: String, to intake: SerialIntake, _ site: SerialSite) throws {
        let id = try #require(DeviceID(device))
        site.change { ledger in
            let number = ledger.reports.count { $0.state == .sent } + 1
            ledger.waiting.append(Self.command("\(name)-\(name == "estop" ? 1 : number)", id, name, params))
        }
        intake.commandsWaiting(for: id)
    }

    private static func command(_ id: String, _ device: DeviceID, _ name: String, _ params: String) -> DeviceCommand {
        let now = Timestamp(milliseconds: 4_000_000_000_000, trusted: true)
        return DeviceCommand(
            id: id, device: device, name: name, params: params, origin: "test", state: .queued, result: nil,
            created: now, expires: Timestamp(milliseconds: now.milliseconds + 60_000, trusted: true))
    }
}
