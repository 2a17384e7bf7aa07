import FieldProtocols
import GatewayModel
import Testing

/// A board with an AS7341 sends its channels as an object of its telemetry: one spectrum, named as those of spectrometers.
@Suite struct BoardSpectrumTests {
    private static let object =
        #""as7341":{"NIR":31,"CLEAR":900,"F8":8,"F1":1,"F2":2,"F3":3,"F4":4,"F5":5,"F6":6,"F7":7,"gain":9,"atime":0,"#
        + #""astep":999,"temperature":21.5}"#
    private static let names = [
        "spectrum.415", "spectrum.445", "spectrum.480", "spectrum.515", "spectrum.555", "spectrum.590", "spectrum.630",
        "spectrum.680", "spectrum.910", "spectrum.clear", "spectrum.integration", "spectrum.gain", "spectrum.saturated",
        "spectrum.dark", "spectrum.temperature",
    ]

    private static func expect(_ readings: [Reading], ordered: Bool = true) {
        let spectrum = readings.filter { $0.metric.text.hasPrefix("spectrum.") }
        #expect(ordered ? spectrum.map(\.metric.text) == names : Set(spectrum.map(\.metric.text)) == Set(names))
        let values = Dictionary(spectrum.map { ($0.metric.text, $0) }) { first, _ in first }
        #expect(values["spectrum.415"]?.value == .number(1) && values["spectrum.910"]?.value == .number(31))
        #expect(values["spectrum.clear"]?.value == .number(900) && values["spectrum.gain"]?.value == .number(256))
        #expect(
            values["spectrum.integration"]
                == Reading(
                    MetricName(known: "spectrum.integration"), .number(2.78), unit: .millisecond))
        #expect(values["spectrum.saturated"]?.value == .flag(false))
    }

    @Test(arguments: [
        #"{"type":"telemetry","ts":6120,"board_id":"F27C3A1DB410","led":{"r":0,"g":32,"b":0},"optx_active":false,"#,
        #"{"type":"telemetry","data":{"ai1_voltage":0.08,"#, #"{"type":"tele","seq":1,"t_ms":4000,"uptime_s":4,"#,
    ])
    func itsChannelsAreASpectrumInLines(start: String) {
        var board = HeardBoard()
        board.hear(start + Self.object + (start.contains(#""data""#) ? "}}" : "}"))
        #expect(board.observations.count == 1)
        Self.expect(board.readings(0))
    }

    @Test func itsChannelsAreASpectrumInFramesAndMessages() {
        let text = #"{"type":"telemetry","uptime_s":9,"estop":false,"# + Self.object + "}"
        var board = HeardBoard()
        board.hear(BoardFrames.frame(.telemetry, seq: 7, text))
        Self.expect(board.readings(0))
        Self.expect(Array(Decoded("mycosoft/devices/board-1/telemetry", text).readings.values), ordered: false)
        let nested = #"{"sensors":{"# + Self.object + "}}"
        Self.expect(Array(Decoded("mycobrain/board-1/telemetry", nested).readings.values), ordered: false)
    }

    @Test func aFullChannelOrAMissingOneIsTold() {
        var board = HeardBoard()
        board.hear(#"{"type":"telemetry","led":{},"as7341":{"f8":8,"f1":1,"clear":1000,"atime":0,"astep":999}}"#)
        let values = board.readings(0).map { ($0.metric.text, $0.value) }
        #expect(values.map(\.0).prefix(2) == ["spectrum.415", "spectrum.680"])
        #expect(values.contains { $0.0 == "spectrum.saturated" && $0.1 == .flag(true) })
        board.hear(#"{"type":"telemetry","led":{},"optx_active":true,"as7341":{"gain":3}}"#)
        #expect(board.readings(1).map(\.metric.text) == ["output.optx"])
    }
}
