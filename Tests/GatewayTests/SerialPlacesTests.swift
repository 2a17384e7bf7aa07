import GatewayTestKit
import Testing

@testable import Drivers
@testable import Gateway

@Suite struct SerialPlacesTests {
    @Test func portsThatModbusHasAreNotToBeDiscovered() throws {
        let folder = try TemporaryFolder()
        let text = """
            gateway: {id: gw-1, site: lab}
            serial: {auto: true, ports: [{path: /dev/board}]}
            modbus:
              buses:
                - {tcp: "127.0.0.1:502", devices: [{id: a, profile: generic-xy-md02}]}
                - {port: /dev/bus-1, devices: [{id: b, profile: generic-xy-md02}]}
                - {port: /dev/bus-2, devices: [{id: c, profile: senseair-s8}]}

            """
        try File.write(text, to: folder.file("gateway.yaml"))
        let configuration = try ConfigurationFile.load(path: folder.file("gateway.yaml")).get()
        let intake = SerialIntake.Configuration(configuration)
        #expect(intake.discovers && intake.places.map(\.path) == ["/dev/board"])
        #expect(intake.foreignPaths == ["/dev/bus-1", "/dev/bus-2"])
    }

    /// Whoever redirects into a port that is not plugged in leaves a plain file; one port may stand in two entries.
    @Test func aPortThatIsNotOpenedIsToldWithTheReason() throws {
        let folder = try TemporaryFolder()
        let board = try PtyPair()
        for name in ["by-id", "by-path"] { try board.link(at: folder.file(name)) }
        try File.write("AT", to: folder.file("ttyUSB0"))
        var open = SerialPortStatus(path: folder.file("by-id"), driver: .mycobrain, isDiscovered: false)
        (open.state, open.resolvedPath) = (.open, board.path)
        func reason(_ name: String) -> String { SerialSide.absence(of: folder.file(name), among: [open]) }
        #expect(reason("by-path") == "another name of \(open.path)")
        #expect(reason("ttyUSB0") == "\(folder.file("ttyUSB0")) is not a serial port")
        #expect(reason("unplugged") == "nothing there")
        open.state = .absent
        #expect(reason("by-path") == "nothing there")
    }
}
