import FieldProtocols
import GatewayModel
import GatewayTestKit
import Testing

@testable import Drivers

/// A spectrum takes over two seconds at the speed that a spectrometer begins with (reference, section 8.4).
@Suite struct OBPRateTests {
    private static func rig(
        _ firmware: OceanSpectrometer, baud: Int = 9_600, _ change: (inout InstrumentSettings) -> Void = { _ in }
    ) throws -> InstrumentRig<OBPTalk> {
        var settings = InstrumentSettings()
        settings.interval = 1_000
        change(&settings)
        let device = try InstrumentRig<OBPTalk>.device("sts")
        return InstrumentRig(
            OBPTalk(device: device, settings: settings, baud: baud, firstNumber: 40), firmware, baud: baud)
    }

    @Test func theSpeedIsRaisedOnceTheDeviceHasSaidThatItFollows() throws {
        var rig = try Self.rig(OceanSpectrometer())
        rig.run(milliseconds: 20_000)
        #expect(rig.speeds == [115_200] && rig.damages.isEmpty)
        #expect((rig.firmware as? OceanSpectrometer)?.baud == 115_200)
        // One a second, which 9600 bits a second do not carry.
        #expect(rig.batch.observations.count >= 15)
    }

    @Test(arguments: [
        OceanSpectrometer.Following.refuses, .stays, .followsSilently, .ignores,
    ])
    func aDeviceThatDoesNotFollowIsSpokenToWhereItIsHeard(following: OceanSpectrometer.Following) throws {
        var rig = try Self.rig(OceanSpectrometer(following: following))
        rig.run(milliseconds: 60_000)
        let device = try #require(rig.firmware as? OceanSpectrometer)
        #expect(rig.baud == device.baud, "\(following)")
        #expect(rig.baud == (following == .followsSilently ? 115_200 : 9_600))
        #expect(rig.batch.observations.count >= 5, "\(following)")
        // It is not asked for ever.
        #expect(rig.speeds.count <= 3)
    }

    @Test func aDeviceThatWasLeftAtTheOtherSpeedIsFoundThere() throws {
        var rig = try Self.rig(OceanSpectrometer())
        rig.run(milliseconds: 10_000)
        // A gateway that has been started anew begins at the configured speed.
        var second = try Self.rig(try #require(rig.firmware as? OceanSpectrometer))
        second.run(milliseconds: 20_000)
        #expect(second.speeds == [115_200] && !second.batch.observations.isEmpty)
        // Switched off and on, it is at the first speed again.
        let before = second.batch.observations.count
        _ = second.firmware.boot()
        second.run(milliseconds: 60_000)
        #expect(second.batch.observations.count > before + 5)
        #expect(second.speeds == [115_200, 9_600, 115_200])
    }

    @Test func nothingIsRaisedWhereNothingIsToBe() throws {
        for (baud, fast) in [(9_600, nil), (9_600, 9_600), (19_200, 9_600)] as [(Int, Int?)] {
            var rig = try Self.rig(OceanSpectrometer(), baud: baud) { $0.fastBaud = fast }
            rig.isUnplugged = baud != 9_600
            rig.run(milliseconds: 30_000)
            #expect(rig.speeds.isEmpty)
        }
    }

    @Test func countsAreMadeLinearOnceADarkFrameIsThere() throws {
        var rig = try Self.rig(OceanSpectrometer()) { $0.correction = .linear }
        rig.run(milliseconds: 5_000)
        #expect(rig.values(0)["spectrum.linear"] == .flag(false))
        rig.submit("take_dark", "{}")
        rig.run(milliseconds: 5_000)
        let last = rig.values(rig.batch.observations.count - 1)
        #expect(last["spectrum.linear"] == .flag(true) && last["spectrum.dark"] == .text("subtracted"))
        let names = rig.batch.readings[rig.batch.observations[0].readings].prefix(1_024).map(\.metric.text)
        let counts = names.compactMap { if case .number(let count) = last[$0] { count } else { nil } }
        // What the simulated spectra differ by, over the polynomial's value there.
        let step = Double(rig.batch.observations.count - 1 - (try #require(darkIndex(rig))))
        let expected = step / (Double(Float(0.94)) + Double(Float(5e-6)) * step)
        #expect(counts.count == 1_024 && counts.allSatisfy { ($0 - expected).magnitude < 1e-9 }, "\(counts.prefix(3))")
    }

    private func darkIndex(_ rig: InstrumentRig<OBPTalk>) -> Int? {
        rig.batch.observations.indices.first { rig.values($0)["spectrum.dark"] == .text("frame") }
    }

    @Test func aPolynomialThatMakesNoSenseIsNotApplied() {
        var spectrum = Spectrum()
        spectrum.counts = [100, 200]
        for polynomial in [[], [0], [.infinity], [1, 1], [-1], [.nan]] as [[Double]] {
            let isDone = spectrum.linearize(by: polynomial)
            #expect(!isDone)
        }
        #expect(spectrum.counts == [100, 200])
        let isDone = spectrum.linearize(by: [0.5, 0.005])
        #expect(isDone && spectrum.counts == [100, 200 / 1.5])
    }
}
