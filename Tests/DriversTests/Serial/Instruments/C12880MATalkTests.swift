import FieldProtocols
import GatewayModel
import GatewayTestKit
import Testing

@testable import Drivers

@Suite struct C12880MATalkTests {
    private static func rig() throws -> InstrumentRig<C12880MATalk> {
        var settings = InstrumentSettings()
        settings.interval = 5_000
        settings.resolution = .ten
        settings.polynomial = WavelengthPolynomial(
            coefficients: [311.5, 2.7, -0.0011, -7.9e-06, 9.4e-09, 4.8e-12], base: 1)
        let device = try InstrumentRig<C12880MATalk>.device("canopy")
        return InstrumentRig(C12880MATalk(device: device, settings: settings), LineSensorBoard())
    }

    @Test func oneFrameIsTakenAtEachIntervalWithTheWavelengthsOfTheSheet() throws {
        var rig = try Self.rig()
        for _ in 0..<40 {
            for piece in rig.firmware.measure(uptime: .zero) { rig.deliver(piece.bytes) }
            rig.run(milliseconds: 500)
        }
        #expect((3...6).contains(rig.batch.observations.count))
        let readings = rig.batch.readings[rig.batch.observations[0].readings]
        #expect(readings.first?.metric.text == "spectrum.314_2" && readings.count >= 288)
        #expect(rig.values(0)["spectrum.883_33"] != nil && rig.values(0)["spectrum.saturated"] == .flag(false))
    }

    @Test func linesThatAreNoFrameAreCountedByReason() throws {
        var rig = try Self.rig()
        rig.deliver(Array("C12880MA ready\r\n1,2,3\r\n".utf8))
        #expect(rig.damages == ["bad_number", "wrong_pixel_count"])
        rig.submit("set_gain", #"{"gain":2}"#)
        #expect(rig.ends.last?.state == .refused)
        rig.submit("take_dark")
        #expect(rig.ends.last?.state == .acknowledged)
    }
}
