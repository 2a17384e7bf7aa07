import FieldProtocols
import GatewayModel
import Testing

/// What BSEC says of its estimates decides how far they are believed, whoever sends them (reference, section 9).
@Suite struct AccuracyTests {
    private static let estimates = [
        "iaq", "static_iaq", "co2_equivalent", "voc_equivalent", "gas_class", "gas_probability", "gas_1", "gas_4",
    ]

    private static func qualities(_ readings: some Sequence<Reading>, of sensor: String) -> [String: Quality] {
        var qualities: [String: Quality] = [:]
        for reading in readings where reading.metric.text.hasPrefix(sensor) {
            qualities[String(reading.metric.text.dropFirst(sensor.count))] = reading.quality
        }
        return qualities
    }

    private static func expect(_ qualities: [String: Quality], accuracy: Int) {
        #expect(qualities.keys.contains("iaq"))
        for name in estimates {
            guard let quality = qualities[name] else { continue }
            #expect(quality == (accuracy < 2 ? .warn : .ok), "\(name) at \(accuracy)")
        }
        for name in ["temperature", "humidity", "gas_resistance", "iaq_accuracy"] {
            #expect(qualities[name] ?? .ok == .ok, "\(name) at \(accuracy)")
        }
    }

    @Test(arguments: 0...3)
    func estimatesOfLowAccuracyAreDoubtfulInEveryGenerationOfLines(accuracy: Int) {
        let lines = [
            "AMB addr=0x77 age=18ms T=20.52C RH=40.31% P=1011.71hPa(raw=1.00) Gas=48321Ohm IAQ=50.00 acc=\(accuracy) "
                + "sIAQ=50.00 CO2eq=500.00 VOC=0.50",
            #"{"ts_ms":30412,"sensor":"AMB","addr":"0x77","tC":20.53,"rh":40.3,"gas":48410,"iaq":57.12,"acc":\#(accuracy),"#
                + #""siaq":55.9,"co2eq":528.48,"voc":0.54}"#,
            #"{"ts_ms":30412,"sensor":"AMB","addr":"0x77","tC":nan,"iaq":57.12,"acc":\#(accuracy),"siaq":55.9}"#,
            #"{"type":"tele","seq":4,"t_ms":8000,"node":"A-1","bme688_count":1,"temperature":21.5,"iaq":60,"#
                + #""iaq_accuracy":\#(accuracy),"co2_equivalent":520,"voc_equivalent":0.5,"gas_class":2,"gas_probability":0.41}"#,
        ]
        for line in lines {
            var board = HeardBoard()
            board.hear(line)
            Self.expect(Self.qualities(board.readings(0), of: "bme688_a."), accuracy: accuracy)
        }
    }

    @Test func oneSensorsAccuracySaysNothingOfTheOther() {
        var board = HeardBoard(generation: .g4)
        board.hear(
            #"{"ok":true,"bme1":{"label":"AMB","temp_c":21.5,"iaq":40,"iaq_accuracy":1,"static_iaq":41},"#
                + #""bme2":{"label":"ENV","variant_id":2,"temp_c":22,"iaq":50,"iaq_accuracy":3,"static_iaq":51}}"#)
        Self.expect(Self.qualities(board.readings(0), of: "bme688_a."), accuracy: 1)
        let other = board.readings(0).first { $0.metric.text.hasSuffix("_b.iaq") }
        #expect(other?.quality == .ok)
    }

    @Test(arguments: 0...3)
    func estimatesOfLowAccuracyAreDoubtfulInFramesAndMessages(accuracy: Int) {
        let text =
            #"{"type":"telemetry","uptime_s":9,"bme688":{"a":{"temperature_c":22.5,"gas_ohm":4000,"iaq":50,"#
            + #""iaq_accuracy":\#(accuracy),"gas_1":0.2,"gas_4":0.6}}}"#
        var board = HeardBoard()
        board.hear(BoardFrames.frame(.telemetry, seq: 7, text))
        Self.expect(Self.qualities(board.readings(0), of: "bme688_a."), accuracy: accuracy)
        let message = Decoded("mycosoft/devices/board-1/telemetry", text)
        Self.expect(Self.qualities(message.readings.values, of: "bme688_a."), accuracy: accuracy)
        let flat = Decoded(
            "mycobrain/board-1/telemetry", #"{"temperature":20,"iaq":50,"iaq_accuracy":\#(accuracy),"static_iaq":50}"#)
        Self.expect(Self.qualities(flat.readings.values, of: ""), accuracy: accuracy)
    }

    @Test func whatIsWorseThanDoubtfulStaysSo() {
        let text =
            #"{"pack":[{"id":"bme688_a.iaq","v":7,"q":2},{"id":"bme688_a.iaq_accuracy","v":0},{"id":"bme688_a.gas_2","v":1}]}"#
        let message = Decoded("mycosoft/devices/board-1/telemetry", text)
        #expect(message.readings["bme688_a.iaq"]?.quality == .bad)
        #expect(message.readings["bme688_a.gas_2"]?.quality == .warn)
        let retained = Decoded("mycosoft/devices/board-1/telemetry", text, retained: true)
        #expect(retained.readings["bme688_a.gas_2"]?.quality == .old)
    }
}
