import FieldProtocols
import GatewayModel
import GatewayTestKit
import Glibc
import JSONText
import Serial
import Testing

@testable import Drivers

@Suite struct SerialPartsTests {
    @Test func outputIsTakenWholeOrRefusedAndSentInOrder() throws {
        var queue = OutputQueue()
        let answer1 = queue.append([1, 2, 3])
        #expect(answer1)
        let answer2 = queue.append([4])
        #expect(answer2)
        let answer3 = queue.append([UInt8](repeating: 0, count: OutputQueue.byteCountMax))
        #expect(!answer3)
        var sent: [UInt8] = []
        var room = 2
        let take = { (bytes: UnsafeRawBufferPointer) throws(SerialError) -> Int in
            let count = min(room, bytes.count)
            sent.append(contentsOf: bytes.prefix(count))
            room -= count
            return count
        }
        let answer4 = try queue.drain(take)
        #expect(answer4 == 2)
        room = 10
        let answer5 = try queue.drain(take)
        #expect(answer5 == 2)
        #expect(sent == [1, 2, 3, 4])
        #expect(queue.isEmpty)
    }

    @Test func chattyBoardsAreCountedOnceAMinute() {
        var quota = LineQuota()
        let first = quota.allowance(now: 1_000)
        #expect(first == LineQuota.burst)
        for _ in 0..<LineQuota.burst { quota.spend() }
        let none = quota.allowance(now: 1_999)
        #expect(none == 0)
        let refilled = quota.allowance(now: 4_000)
        #expect(refilled == 3)
        quota.withheld(30, now: 4_000)
        quota.withheld(20, now: 5_000)
        #expect(quota.due == 64_000)
        let early = quota.takeCount(now: 63_999)
        let count = quota.takeCount(now: 64_000)
        #expect(early == nil && count == 50)
        #expect(quota.due == nil)
    }

    @Test func receiptsTellUpToWhereFramesHaveArrived() throws {
        var ledger = ReceiptLedger()
        // Joined in the middle; 12 is missing, comes again, and nothing is told of what is beyond it before.
        let told = try [(10, 0), (11, 1), (13, 2), (14, 3), (12, 120), (15, 130), (11, 140)].map { seq, now in
            try receipt(&ledger, UInt32(seq), now: Int64(now))
        }
        #expect(told == [10, 11, 11, 11, 14, 15, 15])
    }

    @Test func aFrameThatNeverComesDoesNotStopTheReceipts() throws {
        var ledger = ReceiptLedger()
        _ = try receipt(&ledger, 1, now: 0)
        let stuck = try receipt(&ledger, 3, now: 10)
        #expect(stuck == 1)
        let past = try receipt(&ledger, 4, now: 10 + ReceiptLedger.holeWaitMilliseconds)
        #expect(past == 4)
        // The board has booted.
        _ = try receipt(&ledger, 500, now: 5_000)
        _ = try receipt(&ledger, 501, now: 10_000)
        let anew = try receipt(&ledger, 1, now: 10_001)
        #expect(anew == 1)
    }

    @Test func acknowledgementsAreNotAcknowledgedForEver() {
        var ledger = ReceiptLedger()
        let first = ledger.receipt(for: 5, of: .sideA, isAnswer: true, now: 0)
        let second = ledger.receipt(for: 5, of: .sideA, isAnswer: true, now: 1)
        let other = ledger.receipt(for: 5, of: .sideB, isAnswer: true, now: 2)
        #expect(first != nil && second == nil && other != nil)
    }

    private func receipt(_ ledger: inout ReceiptLedger, _ seq: UInt32, now: Int64) throws -> UInt32 {
        let told = ledger.receipt(for: seq, of: .sideA, isAnswer: false, now: now)
        return try #require(told)
    }

    @Test func boardsThatReportOneIDAreAnnouncedOncePerPair() throws {
        var watch = CollisionWatch()
        let boards = try (1...3).map { try #require(DeviceID("board-\($0)")) }
        let answer11 = watch.note("mycobrain-1db410", by: boards[0])
        #expect(answer11 == [])
        let answer12 = watch.note("mycobrain-1db410", by: boards[0])
        #expect(answer12 == [])
        let answer13 = watch.note("mycobrain-1db410", by: boards[1])
        #expect(answer13 == [boards[0]])
        let answer14 = watch.note("mycobrain-1db410", by: boards[1])
        #expect(answer14 == [])
        let answer15 = watch.note("mycobrain-1db410", by: boards[2])
        #expect(answer15 == [boards[0], boards[1]])
        let answer16 = watch.note("mycobrain-a1df7c", by: boards[2])
        #expect(answer16 == [])
    }

    @Test func aDeviceIsNamedByItsAliasOrItsBestIdentity() throws {
        let alias = try #require(DeviceID("greenhouse"))
        var port = PortEntry.unlisted("/dev/serial/by-id/usb-Espressif_Unit_F4:12:FA:AA:BB:CC-if00")
        #expect(DeviceNaming.name(of: port.identity, prefix: "mycobrain").text == "mycobrain-f412faaabbcc")
        port.usb = USBIdentity(vendorID: 0x303A, productID: 0x1001)
        let path = port.path
        for match in [
            DeviceAlias(device: alias, usb: "303A:1001"),
            DeviceAlias(device: alias, usbSerial: "f412FAaabbcc"),
            DeviceAlias(device: alias, byID: "usb-Espressif_Unit_F4:12:FA:AA:BB:CC-if00"),
            DeviceAlias(device: alias, byID: path), DeviceAlias(device: alias, path: path),
        ] {
            #expect(DeviceNaming(aliases: [match]).alias(of: port, openedAs: path) == alias)
        }
        port.identity = .usbSerial("F4:12:FA:00:00:00")
        let other = DeviceNaming(aliases: [DeviceAlias(device: alias, usbSerial: "F412FAAABBCC")])
        #expect(other.alias(of: port, openedAs: path) == nil)
        let reported = DeviceNaming(aliases: [DeviceAlias(device: alias, reportedID: "mycobrain-1db410")])
        #expect(reported.dependsOnReportedIDs && !other.dependsOnReportedIDs)
        #expect(reported.alias(reportedID: "mycobrain-1db410") == alias)
    }

    /// What firmware makes of its MAC address is not unique (reference, section 1.10): boards are told apart all the same.
    @Test func boardsThatReportOneIDAreTwoDevicesAndAnAlarm() throws {
        let file = try JSON(parsing: Vectors.text("mycosoft/identity_derivation.json"))
        let cases = try #require(file["cases"]?.array)
        var watch = CollisionWatch()
        var alarms: [[DeviceID]] = []
        var devices: [DeviceID] = []
        for board in cases {
            let mac = try #require(board["factory_mac"]?.string)
            let device = DeviceNaming.name(of: .usbSerial(mac), prefix: "mycobrain")
            #expect(device.text == "mycobrain-" + mac.lowercased().filter { $0 != ":" })
            alarms.append(watch.note(try #require(board["mdp_device_id"]?.string), by: device))
            devices.append(device)
            // What is unique is an alias; what is reported is never the name by itself.
            let nodeID = try #require(board["node_id"]?.string)
            let naming = DeviceNaming(aliases: [DeviceAlias(device: device, reportedID: nodeID)])
            let known = cases.compactMap { $0["node_id"]?.string }.filter { naming.alias(reportedID: $0) != nil }
            #expect(known == [nodeID])
        }
        #expect(Set(devices).count == cases.count && cases.count == 4)
        #expect(alarms == [[], [devices[0]], [], []], "the first two share the vendor's block")
    }

    @Test func everyStepOfTheWayToAPortIsWatched() throws {
        let folder = try TemporaryFolder()
        let one = try PtyPair()
        let two = try PtyPair()
        let middle = try folder.folder("middle") + "/port"
        let link = folder.file("by-id/board")
        let watch = try #require(PortWatch())
        watch.watch([link], discovers: true)
        #expect(!watch.drain())
        // The folder of the link comes into being.
        _ = try folder.folder("by-id")
        #expect(watch.drain())
        watch.watch([link], discovers: true)
        _ = try folder.folder("unrelated")
        #expect(!watch.drain())
        try one.link(at: middle)
        #expect(symlinkat(middle, to: link))
        #expect(watch.drain())
        watch.watch([link], discovers: true)
        // The second link on the way moves.
        try two.link(at: middle)
        #expect(watch.drain())
        #expect(!watch.drain())
    }
}

private func symlinkat(_ target: String, to link: String) -> Bool { symlink(target, link) == 0 }
