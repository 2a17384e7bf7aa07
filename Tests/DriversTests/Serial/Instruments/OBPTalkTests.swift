import FieldProtocols
import GatewayModel
import GatewayTestKit
import Testing

@testable import Drivers

@Suite struct OBPTalkTests {
    private static func rig(
        _ firmware: OceanSpectrometer = OceanSpectrometer(), baud: Int = 9_600,
        _ change: (inout InstrumentSettings) -> Void = { _ in }
    ) throws -> InstrumentRig<OBPTalk> {
        var settings = InstrumentSettings()
        change(&settings)
        let device = try InstrumentRig<OBPTalk>.device("sts")
        return InstrumentRig(
            OBPTalk(device: device, settings: settings, baud: baud, firstNumber: 40), firmware, baud: baud)
    }

    @Test func aWholeSpectrumArrivesOverASlowCable() throws {
        var rig = try Self.rig {
            $0.integration = 250
            $0.fastBaud = nil
        }
        rig.run(milliseconds: 25_000)
        #expect(rig.batch.observations.count == 3)
        #expect(rig.damages.isEmpty)
        let readings = rig.batch.readings[rig.batch.observations[0].readings]
        #expect(readings.prefix(2).map(\.metric.text) == ["spectrum.337_02", "spectrum.337_48"])
        let counts = readings.prefix(1_024).map(\.value)
        #expect(counts.max { "\($0)".count < "\($1)".count } != nil)
        #expect(rig.values(0)["spectrum.integration"] == .number(250))
        #expect(rig.values(0)["spectrum.567_64"] != nil || rig.values(0)["spectrum.568_07"] != nil)
        #expect((rig.firmware as? OceanSpectrometer)?.integrationMicroseconds == 250_000)
        // Two seconds and more for each spectrum are no reason to begin the next one late.
        #expect(rig.talk.dialect == "obp")
    }

    @Test func garbageAndFlippedBitsCostSpectraAndNothingElse() throws {
        var rig = try Self.rig(OceanSpectrometer(garbage: 0.2, corrupted: 0.1, baud: 115_200, seed: 4), baud: 115_200) {
            $0.interval = 1_000
        }
        rig.run(milliseconds: 600_000)
        #expect(rig.batch.observations.count > 50)
        #expect(rig.damages.contains { $0 == "no_reply" || $0 == "checksum_mismatch" })
        for observation in rig.batch.observations { #expect(observation.readings.count >= 1_024) }
    }

    @Test func anAnswerThatIsDeferredIsWaitedFor() throws {
        var rig = try Self.rig(OceanSpectrometer(deferrals: 3))
        rig.run(milliseconds: 15_000)
        #expect(rig.batch.observations.count >= 1 && rig.damages.isEmpty)
    }

    @Test func aSpectrometerThatWasUnpluggedIsSetUpAnewAndFoundAgain() throws {
        var rig = try Self.rig()
        rig.run(milliseconds: 15_000)
        let before = rig.batch.observations.count
        rig.isUnplugged = true
        rig.run(milliseconds: 200_000)
        #expect(rig.batch.observations.count == before && rig.damages.contains("no_reply"))
        #expect(rig.asked.count < 80)
        rig.isUnplugged = false
        rig.run(milliseconds: 80_000)
        #expect(rig.batch.observations.count > before)
    }

    @Test func commandsAreAnsweredAndRefusedOutsideOfTheirRange() throws {
        var rig = try Self.rig()
        rig.run(milliseconds: 15_000)
        rig.submit("set_integration", #"{"ms":0.05}"#)
        rig.submit("lamp", #"{"on":true}"#)
        rig.run(milliseconds: 5_000)
        #expect(rig.ends.map(\.state) == [.acknowledged, .acknowledged])
        let device = try #require(rig.firmware as? OceanSpectrometer)
        #expect(device.integrationMicroseconds == 50 && device.isLampOn)
        for (name, params) in [
            ("set_integration", #"{"ms":0.001}"#), ("set_integration", #"{"ms":90000}"#), ("set_gain", #"{"gain":2}"#),
            ("reset", "{}"), ("read_sensors", "{}"),
        ] {
            rig.submit(name, params)
            #expect(rig.ends.last?.state == .refused)
        }
    }

    @Test func aLateAnswerIsNotTakenForThatToAnotherQuestion() throws {
        var rig = try Self.rig()
        rig.run(milliseconds: 15_000)
        let before = rig.batch.observations.count
        let late = OBPFrame(
            type: OBPMessageType.correctedSpectrum.rawValue, flags: .response, regarding: 1, checksum: .md5,
            payload: Array(repeating: 1, count: 2_048))
        rig.deliver(late.wire)
        #expect(rig.batch.observations.count == before)
    }

    @Test func anyBytesAreSurvived() throws {
        var random = SeededRandom(seed: 17)
        for _ in 0..<30 {
            var rig = try Self.rig()
            for _ in 0..<20 {
                rig.deliver(random.bytes(random.integer(in: 1...500)))
                rig.run(milliseconds: Int64(random.integer(in: 0...5_000)))
            }
        }
    }
}
