/// Telemetry of about 300 bytes with eight readings, as boards publish it.
enum SampleTelemetry {
    static func topic(_ number: Int) -> String { "mycobrain/bench-\(number % 20)/telemetry" }

    static func payload(_ number: Int) -> [UInt8] {
        let wave = Double(number % 977) / 100
        func reading(_ id: String, _ value: Double, _ unit: String) -> String {
            #"{"id":"\#(id)","v":\#((value * 100).rounded() / 100),"u":"\#(unit)"}"#
        }
        let pack = [
            reading("temp", 20 + wave, "C"), reading("rh", 45 + wave, "%"), reading("press", 1_010 + wave, "hPa"),
            reading("gas", Double(48_000 + number % 3_000), "Ohm"), reading("iaq", 50 + wave, "1"),
            reading("co2", 500 + wave * 3, "ppm"), reading("voc", wave / 10, "ppm"), reading("ai1", wave / 3, "V"),
        ].joined(separator: ",")
        return Array(#"{"seq":\#(number / 20),"pack":[\#(pack)]}"#.utf8)
    }
}
