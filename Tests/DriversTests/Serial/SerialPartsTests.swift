import GatewayModel
import GatewayTestKit
import Glibc
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
        let admitted = (0..<150).count { _ in quota.admits(now: 1_000) }
        #expect(admitted == 100)
        let answer6 = quota.takeCount(now: 60_999)
        #expect(answer6 == nil)
        let answer7 = quota.takeCount(now: 61_000)
        #expect(answer7 == 50)
        let answer8 = quota.takeCount(now: 200_000)
        #expect(answer8 == nil)
        #expect(quota.due == nil)
    }

    @Test func keysAndCertificatesAreNotLogged() {
        var screen = SecretScreen()
        let lines = [
            "ok", "-----BEGIN EC PRIVATE KEY-----", "MHcCAQEEI", "-----END EC PRIVATE KEY-----", "fine",
            "cert: -----BEGIN CERTIFICATE-----MIIB-----END CERTIFICATE-----", "fine",
        ]
        let answer9 = lines.map { screen.hides($0) }
        #expect(answer9 == [false, true, true, true, false, true, false])
    }

    @Test func aBlockThatNeverEndsHidesABoundedNumberOfLines() {
        var screen = SecretScreen()
        let answer10 = screen.hides("-----BEGIN X-----")
        #expect(answer10)
        let hidden = (0..<1_000).count { _ in screen.hides("line") }
        #expect(hidden == SecretScreen.lineCountMax)
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
        #expect(DeviceNaming.name(of: port.identity).text == "mycobrain-f412faaabbcc")
        let path = port.path
        for match in [
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
