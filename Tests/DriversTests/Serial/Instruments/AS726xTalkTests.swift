import GatewayModel
import GatewayTestKit
import Testing

@testable import Drivers

@Suite struct AS726xTalkTests {
    private static func rig(
        _ firmware: SpectralTriad = SpectralTriad(), _ change: (inout InstrumentSettings) -> Void = { _ in }
    ) throws -> InstrumentRig<AS726xTalk> {
        var settings = InstrumentSettings()
        change(&settings)
        let talk = AS726xTalk(device: try InstrumentRig<AS726xTalk>.device("leaf"), settings: settings, baud: 115_200)
        return InstrumentRig(talk, firmware)
    }

    @Test func aTriadIsMeasuredAtItsIntervalInTheOrderOfWavelength() throws {
        var rig = try Self.rig { settings in
            settings.integration = 100
            settings.gain = 16
            settings.lamp = .measure
        }
        rig.run(milliseconds: 35_000)
        #expect(rig.batch.observations.count == 4)
        #expect(rig.damages.isEmpty)
        let readings = rig.batch.readings[rig.batch.observations[0].readings]
        #expect(readings.prefix(2).map(\.metric.text) == ["spectrum.410", "spectrum.435"])
        let values = rig.values(0)
        // 610 nm comes first on the wire, 410 nm thirteenth.
        #expect(values["spectrum.610"] == .number(10) && values["spectrum.410"] == .number(130))
        #expect(values["spectrum.calibrated.610"] == .number(1.5))
        #expect(values["spectrum.integration"] == .number(36 * 2.8) && values["spectrum.gain"] == .number(16))
        #expect(values["spectrum.saturated"] == .flag(false) && values["spectrum.dark"] == .text("none"))
        #expect(values["spectrum.lamp"] == .flag(true) && values["spectrum.temperature_2"] == .number(31))
        let sensor = try #require(rig.firmware as? SpectralTriad)
        #expect(sensor.steps == 36 && sensor.gain == 2 && sensor.lamps.isEmpty)
        #expect(rig.talk.dialect == "AS7265x")
    }

    @Test(arguments: [(SpectralTriad.AS726xSensorKind.as7262, "spectrum.450"), (.as7263, "spectrum.610")])
    func theSmallSensorsAreFoundOutByCountingAndHardware(kind: SpectralTriad.AS726xSensorKind, metric: String) throws {
        var rig = try Self.rig(SpectralTriad(kind))
        rig.run(milliseconds: 1_000)
        #expect(rig.batch.observations.count == 1)
        #expect(rig.values(0)[metric] == .number(10))
        #expect(rig.values(0).keys.count { $0.hasPrefix("spectrum.calibrated.") } == 6)
    }

    @Test func aSensorThatFallsSilentIsAskedAgainAtGrowingDistances() throws {
        var rig = try Self.rig()
        rig.run(milliseconds: 1_000)
        rig.isUnplugged = true
        rig.run(milliseconds: 300_000)
        #expect(rig.batch.observations.count == 1)
        #expect(rig.damages.allSatisfy { $0 == "no_reply" } && (5...12).contains(rig.damages.count))
        rig.isUnplugged = false
        rig.run(milliseconds: 61_000 + 20_000)
        #expect(rig.batch.observations.count >= 2)
    }

    @Test func noiseAndLostAnswersCostMeasurementsAndNothingElse() throws {
        var rig = try Self.rig(SpectralTriad(silence: 0.1, noise: 0.3, seed: 3)) { $0.interval = 1_000 }
        rig.run(milliseconds: 300_000)
        #expect(rig.batch.observations.count > 20)
        #expect(rig.damages.contains("no_reply"))
        for index in rig.batch.observations.indices {
            let values = rig.values(index)
            if let count = values["spectrum.610"] { #expect(count == .number(10)) }
            #expect(values["spectrum.dark"] == .text("none"))
        }
    }

    @Test func commandsAreAnsweredAndRefusedOutsideOfTheirRange() throws {
        var rig = try Self.rig()
        rig.run(milliseconds: 1_000)
        rig.submit("set_integration", #"{"ms":280}"#)
        rig.submit("set_gain", #"{"gain":64}"#)
        rig.submit("lamp", #"{"on":true}"#)
        rig.run(milliseconds: 1_000)
        #expect(rig.ends.map(\.state) == [.acknowledged, .acknowledged, .acknowledged])
        let sensor = try #require(rig.firmware as? SpectralTriad)
        #expect(sensor.steps == 100 && sensor.gain == 3 && sensor.lamps == [1, 3, 5])
        for (name, params) in [
            ("set_integration", #"{"ms":2000}"#), ("set_gain", #"{"gain":2}"#), ("lamp", #"{"on":1}"#),
            ("estop", "{}"), ("set_gain", "{"), ("set_integration", "{}"),
        ] {
            rig.submit(name, params)
            #expect(rig.ends.last?.state == .refused)
            #expect(rig.ends.last?.result.isEmpty == false)
        }
    }

    @Test func aDarkFrameIsStoredAsOneAndTakenOffThoseAfterIt() throws {
        var rig = try Self.rig()
        rig.run(milliseconds: 1_000)
        rig.submit("take_dark")
        rig.run(milliseconds: 21_000)
        let darks = rig.batch.observations.indices.map { rig.values($0)["spectrum.dark"] }
        #expect(darks.prefix(3) == [.text("none"), .text("frame"), .text("subtracted")])
        #expect(rig.values(1)["spectrum.610"] == .number(10) && rig.values(2)["spectrum.610"] == .number(0))
        rig.submit("clear_dark")
        rig.run(milliseconds: 11_000)
        #expect(rig.values(rig.batch.observations.count - 1)["spectrum.dark"] == .text("none"))
    }

    @Test func aSketchIsTakenAsItTalksAndAskedNothing() throws {
        var rig = try Self.rig()
        rig.isUnplugged = true
        let line = (1...18).map { "\($0).5" }.joined(separator: ",") + ",\r\n"
        rig.deliver(Array(("AS7265x Spectral Triad Example\r\nA,B,C,D,E,F,G,H,R,I,S,J,T,U,V,W,K,L\r\n" + line).utf8))
        #expect(rig.batch.observations.count == 1)
        #expect(rig.values(0)["spectrum.calibrated.410"] == .number(1.5))
        #expect(rig.values(0)["spectrum.calibrated.940"] == .number(18.5))
        let asked = rig.asked.count
        rig.run(milliseconds: 100_000)
        rig.deliver(Array(line.utf8))
        #expect(rig.asked.count == asked && rig.batch.observations.count == 2)
        // Another firmware has been loaded, and waits to be asked.
        rig.isUnplugged = false
        rig.run(milliseconds: 140_000)
        #expect(rig.batch.observations.count > 2 && rig.talk.dialect == "AS7265x")
    }
}
