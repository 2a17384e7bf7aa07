import GatewayTestKit
import Testing

@testable import Serial

@Suite struct PortIdentityTests {
    @Test func aMACAddressBecomesHexadecimalWithoutColons() {
        #expect(PortIdentity.usbSerial("F4:12:FA:AA:BB:CC").slug == "f412faaabbcc")
        #expect(PortIdentity.usbSerial("8A5B 01/ÄX").slug == "8a5b-01-x")
    }

    @Test func theMACAddressInAByIDLinkIsTheUSBSerialNumber() {
        let link = "/dev/serial/by-id/usb-Espressif_USB_JTAG_serial_debug_unit_F4:12:FA:AA:BB:CC-if00"
        #expect(PortIdentity.named(by: link) == .usbSerial("F4:12:FA:AA:BB:CC"))
    }

    @Test func otherLinksAndPathsNameThemselves() {
        #expect(
            PortIdentity.named(by: "/x/by-id/usb-Arduino_Uno_8543-if00") == .byID("usb-Arduino_Uno_8543-if00"))
        #expect(
            PortIdentity.named(by: "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0")
                == .topology("pci-0000:00:14.0-usb-0:2:1.0"))
        #expect(PortIdentity.named(by: "/dev/ttyUSB0").slug == "ttyusb0")
        #expect(PortIdentity.named(by: "/tmp/site/board 0").slug == "tmp-site-board-0")
        #expect(PortIdentity.named(by: "").slug.hasPrefix("port-"))
    }

    @Test func longNamesThatBeginAlikeStayApart() {
        let stem = String(repeating: "a", count: 200)
        let one = PortIdentity.byID(stem + "1").slug
        #expect(one != PortIdentity.byID(stem + "2").slug)
        #expect(one.utf8.count == 96)
    }

    @Test func anyNameMakesASlugOfPlainCharacters() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<2_000 {
            let text = String(decoding: random.bytes(random.integer(in: 0...300)), as: UTF8.self)
            for identity in [PortIdentity.usbSerial(text), .byID(text), .topology(text), .path(text), .named(by: text)]
            {
                let slug = Array(identity.slug.utf8)
                #expect((1...96).contains(slug.count))
                #expect(
                    slug.allSatisfy {
                        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
                    })
            }
        }
    }

    @Test(arguments: ["0001", "123456", "0123456789ABCDEF", "00000000", "", "12"])
    func factoryNumbersTellNoBoardFromAnother(serial: String) {
        #expect(!USBIdentity.isDistinctive(serial))
    }

    @Test(arguments: ["F4:12:FA:AA:BB:CC", "A50285BI", "85430353531351B0B1C1", "BRD01"])
    func properNumbersDo(serial: String) { #expect(USBIdentity.isDistinctive(serial)) }

    @Test func aSerialNumberThatTwoAdaptersShareIsNobodysIdentity() {
        let entries = PortList.identified([
            entry("/dev/ttyUSB0", serial: "A50285BI", address: 1, byPath: "pci-usb-0:1"),
            entry("/dev/ttyUSB1", serial: "A50285BI", address: 2, byPath: "pci-usb-0:2"),
            entry("/dev/ttyUSB2", serial: "A50285BJ", address: 3, byPath: "pci-usb-0:3"),
        ])
        #expect(
            entries.map(\.identity) == [.topology("pci-usb-0:1"), .topology("pci-usb-0:2"), .usbSerial("A50285BJ")])
    }

    @Test func twoPortsOfOneBoardAreToldApartByTheirInterface() {
        let entries = PortList.identified([
            entry("/dev/ttyACM0", serial: "F412FA", address: 4, byID: "usb-X_F412FA-if00"),
            entry("/dev/ttyACM1", serial: "F412FA", address: 4, byID: "usb-X_F412FA-if02"),
        ])
        #expect(entries.map(\.identity) == [.byID("usb-X_F412FA-if00"), .byID("usb-X_F412FA-if02")])
    }

    @Test func anAdapterWithoutItsOwnNumberIsKnownByItsSocket() {
        let entries = PortList.identified([
            entry("/dev/ttyUSB0", serial: "0001", address: 1, byID: "usb-CP2102_0001-if00-port0", byPath: "pci-usb-0:1")
        ])
        #expect(entries[0].identity == .topology("pci-usb-0:1"))
    }

    @Test func configuredPathsThatAreNotEnumeratedAreListedToo() throws {
        let pair = try PtyPair()
        let folder = try TemporaryFolder()
        let link = try folder.folder("by-id") + "/usb-Board_77AA-if00"
        try pair.link(at: link)
        let entries = try PortList.ports(configuredPaths: [link, "/dev/no-such-port"])
        let board = try #require(entries.first { $0.configuredPaths == [link] })
        #expect(board.path == pair.path)
        #expect(board.isPresent && !board.isDiscoverable)
        #expect(board.identity == .byID("usb-Board_77AA-if00"))
        let missing = try #require(entries.first { $0.configuredPaths == ["/dev/no-such-port"] })
        #expect(!missing.isPresent)
        #expect(missing.identity == .path("/dev/no-such-port"))
    }

    private func entry(
        _ path: String, serial: String, address: Int, byID: String? = nil, byPath: String? = nil
    ) -> PortEntry {
        PortEntry(
            path: path, isPresent: true, deviceNumber: nil,
            usb: USBIdentity(vendorID: 0x10C4, productID: 0xEA60, serialNumber: serial, bus: 1, address: address),
            byIDLinks: byID.map { [$0] } ?? [], byPathLinks: byPath.map { [$0] } ?? [], configuredPaths: [],
            identity: .path(path))
    }
}
