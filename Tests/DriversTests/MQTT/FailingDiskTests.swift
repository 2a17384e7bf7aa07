import Drivers
import EventLoop
import GatewayModel
import GatewayTestKit
import Journal
import MQTT
import Testing

/// The whole way of a message, from a broker to a journal whose disk refuses: what is not durable is not acknowledged.
@Suite struct FailingDiskTests {
    struct Failure: Sendable, CustomTestStringConvertible {
        var fault: FaultyDisk.Fault
        var calls: Set<FaultyDisk.Call>
        var testDescription: String { "\(fault) at \(calls)" }
    }

    static let failures = [
        Failure(fault: .ioError, calls: [.sync]), Failure(fault: .ioError, calls: [.write]),
        Failure(fault: .noSpace, calls: [.write]), Failure(fault: .shortWrite, calls: [.write]),
    ]

    /// A journal on a disk that can fail, and an intake that stores in it.
    private struct Rig {
        let folder: TemporaryFolder
        let disk: FaultyDisk
        let journal: Journal
        let intake: IntakeRig

        init(port: UInt16) throws {
            folder = try TemporaryFolder("failing-disk")
            disk = FaultyDisk(folder.path)
            let journal = try JournalFolder.open(folder.path, clock: SystemClock(isVouched: true))
            self.journal = journal
            intake = try IntakeRig(
                port: port, change: { $0.batchMax = 50 }, commit: { try journal.append($0, sessionStart: $1) })
        }

        /// Message ids of what is stored, as a journal finds them that is opened from the files alone.
        func storedTexts() throws -> [String] {
            intake.end()
            journal.close()
            let reopened = try JournalFolder.open(folder.path, clock: SystemClock(isVouched: true))
            defer { reopened.close() }
            return try JournalFolder.records(reopened).compactMap(\.messageID)
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: failures)
    func aFailedCommitLetsNoAcknowledgementOutAndLosesNothing(_ failure: Failure) throws {
        let broker = try BrokerProcess()
        let rig = try Rig(port: UInt16(broker.port))
        #expect(rig.intake.waitUntilSubscribed())
        let device = try LoadPublisher(port: broker.port, clientID: "device")
        let publish = { (numbers: Range<Int>) in
            device.publish(numbers) { ("mycosoft/devices/dev-1/telemetry", Array("m\($0)".utf8)) }
        }
        let acknowledged = { broker.log.split(separator: "\n").count { $0.contains("Received PUBACK from gw-1") } }
        publish(0..<300)
        // Our own presence comes back to us, retained, and is acknowledged like the rest.
        #expect(Eventually.holds { acknowledged() == 301 })
        #expect(rig.journal.status(of: .readings).lastSeq.rawValue == 300)

        rig.disk.fail(failure.fault, failure.calls)
        publish(300..<900)
        #expect(device.settle())
        #expect(Eventually.holds { rig.intake.intake.status.state == .held })
        #expect(rig.intake.intake.status.lastErrorCode == "journal_refuses")
        #expect(!rig.journal.isWritable)
        // Attempts go on, and fail.
        let failures = rig.disk.failureCount
        #expect(Eventually.holds { rig.disk.failureCount > failures + 2 })
        #expect(acknowledged() == 301, "an acknowledgement left although nothing was durable")

        rig.disk.heal()
        #expect(Eventually.holds { rig.journal.status(of: .readings).lastSeq.rawValue == 900 })
        #expect(Eventually.holds { acknowledged() >= 901 })
        #expect(rig.journal.isWritable)
        let expected = (0..<900).map { "m\($0)" }
        #expect(try rig.storedTexts() == expected)
    }

    @Test(.timeLimit(.minutes(5)), arguments: failures)
    func noByteOfAnAcknowledgementFollowsAFailedCommit(_ failure: Failure) throws {
        let broker = try ScriptedBroker()
        let rig = try Rig(port: broker.port)
        let peer = try #require(broker.serveIntake())
        for id in 1...20 { peer.send(.reading("m\(id)", id: UInt16(id))) }
        for id in 1...20 { #expect(peer.next() == .puback(UInt16(id))) }
        let before = peer.received.count
        rig.disk.fail(failure.fault, failure.calls)
        for id in 21...60 { peer.send(.reading("m\(id)", id: UInt16(id))) }
        #expect(peer.next() == nil)
        #expect(peer.isClosed)
        #expect(peer.received.count == before)
        rig.disk.heal()
        let again = try #require(broker.serveIntake(resumed: true))
        for id in 21...80 { again.send(.reading("m\(id)", id: UInt16(id), duplicate: id <= 60)) }
        for id in 21...80 { #expect(again.next() == .puback(UInt16(id))) }
        #expect(try rig.storedTexts() == (1...80).map { "m\($0)" })
    }
}
