import GatewayTestKit

/// A device on a serial port of the demo site.
struct PluggedDevice {
    /// Those beside `serial`.
    static let kinds = ["as7265x", "obp", "c12880ma"]

    /// Alias and name of the link.
    var name: String
    /// As the last line of the demo counts it.
    var kind: String
    /// As the configuration names who talks to it.
    var driver: String
    var instrument: String?
    var board: SimulatedBoard

    /// Says nothing more. An instrument speaks when asked only, so it must no longer answer.
    func rest() {
        board.setMeasuring(false)
        if instrument != nil { board.stop() }
    }

    /// The entry of `serial.ports`.
    func port(in folder: TemporaryFolder) -> String {
        let instrument = instrument.map { ", instrument: \($0)" } ?? ""
        return "{path: \(folder.file(name)), driver: \(driver)\(instrument)}"
    }

    /// The section that `instrument` refers to.
    static let instrumentSettings = """
        instruments:
          - {name: demo, interval: 2s}
          - {name: sheet, interval: 2s, bits: 10, coefficients: [311.5, 2.7, -0.0011, -7.9e-06, 9.4e-09, 4.8e-12], base: 1}
        """

    /// A spectrometer of each kind.
    static func instruments(_ seed: UInt64, in folder: TemporaryFolder) throws -> [PluggedDevice] {
        let firmwares: [(name: String, kind: String, instrument: String, firmware: any BoardFirmware)] = [
            ("bench-triad", "as7265x", "demo", SpectralTriad(noise: 0.05, seed: seed + 6)),
            ("bench-sts", "obp", "demo", OceanSpectrometer(garbage: 0.05, seed: seed + 7)),
            ("bench-line-sensor", "c12880ma", "sheet", LineSensorBoard(cut: 0.05, seed: seed + 8)),
        ]
        return try firmwares.map { name, kind, instrument, firmware in
            let board = try SimulatedBoard(firmware)
            try board.cable.link(at: folder.file(name))
            return PluggedDevice(name: name, kind: kind, driver: kind, instrument: instrument, board: board)
        }
    }
}
