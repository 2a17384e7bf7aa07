import Drivers
import GatewayTestKit
import Testing

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
}
