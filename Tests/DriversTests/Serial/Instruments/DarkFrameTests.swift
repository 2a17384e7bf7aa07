import FieldProtocols
import GatewayModel
import GatewayTestKit
import SQLite
import Testing

@testable import Drivers

/// The dark frame of an instrument outlives the gateway, and is not taken off what was measured in another way.
@Suite struct DarkFrameTests {
    private let folder: TemporaryFolder
    private let device: DeviceName
    private let clock = VirtualClock()

    init() throws {
        folder = try TemporaryFolder()
        device = try #require(DeviceID("triad").flatMap { DeviceName($0) })
    }

    private func recorder(_ wavelengths: [Double] = [410, 435]) throws -> SpectrumRecorder {
        let database = try Database(path: folder.file("state.db"))
        try database.migrate(DarkFrames.migrations)
        var recorder = SpectrumRecorder(device: device, frames: DarkFrames(database: database) { _ in })
        recorder.use(SpectrumAxis(wavelengths: wavelengths))
        return recorder
    }

    private func record(
        _ counts: [Double], _ recorder: inout SpectrumRecorder, integration: Double = 56, gain: Double? = 16
    ) -> [String: Reading.Value] {
        var spectrum = Spectrum()
        spectrum.counts = counts
        spectrum.integration = integration
        spectrum.gain = gain
        var batch = ObservationBatch()
        _ = recorder.record(spectrum, at: clock.now(), into: &batch)
        return Dictionary(batch.readings.map { ($0.metric.text, $0.value) }) { first, _ in first }
    }

    @Test func theDarkFrameIsTakenOffAfterARestart() throws {
        var first = try recorder()
        first.wantDark()
        let values1 = record([10, 20], &first)
        #expect(values1["spectrum.dark"] == .text("frame"))
        let taken = RFC3339.text(clock.now().wall.milliseconds)
        clock.advance(by: .seconds(3_600))
        var second = try recorder()
        let values = record([15, 27], &second)
        #expect(values["spectrum.410"] == .number(5) && values["spectrum.435"] == .number(7))
        #expect(values["spectrum.dark"] == .text("subtracted") && values["spectrum.dark_taken"] == .text(taken))
        second.clearDark()
        let values2 = record([15, 27], &second)
        #expect(values2["spectrum.dark"] == .text("none"))
        var third = try recorder()
        let values3 = record([15, 27], &third)
        #expect(values3["spectrum.410"] == .number(15))
    }

    @Test func aDarkFrameOfOtherChannelsTimeOrGainIsNotTakenOff() throws {
        var first = try recorder()
        first.wantDark()
        _ = record([10, 20], &first)
        let values4 = record([15, 27], &first, integration: 100)
        #expect(values4["spectrum.dark"] == .text("none"))
        let values5 = record([15, 27], &first, gain: 64)
        #expect(values5["spectrum.dark"] == .text("none"))
        let values6 = record([15, 27], &first, gain: nil)
        #expect(values6["spectrum.dark"] == .text("none"))
        let values7 = record([15, 27], &first)
        #expect(values7["spectrum.dark"] == .text("subtracted"))
        var other = try recorder([410, 436])
        let values8 = record([15, 27], &other)
        #expect(values8["spectrum.dark"] == .text("none"))
    }
}
