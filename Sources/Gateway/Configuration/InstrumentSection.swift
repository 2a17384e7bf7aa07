public import Drivers
import FieldProtocols
import YAMLText

/// One entry of `instruments`: how an instrument on a serial port is run. Ports name the entry.
public struct InstrumentSection: Sendable {
    /// What `serial.ports[].instrument` says.
    public var name: String
    public var settings: InstrumentSettings

    init(_ section: YAMLSection) {
        name = section.requiredText("name", length: 1...64)
        settings = InstrumentSettings()
        settings.interval =
            section.duration("interval", in: .milliseconds(200)...(.seconds(86_400)), default: .seconds(10))
            .milliseconds
        settings.integration = section.number("integration_ms", in: 0.01...85_000)
        settings.gain = section.number("gain", in: 0.1...1_000)
        settings.values = section.choice("values", default: settings.values)
        settings.lamp = section.choice("lamp")
        settings.correction = section.choice("correction", default: settings.correction)
        let bauds = SerialSection.bauds.filter { $0 >= 9_600 }
        let fast = section.value("fast_baud", accepted: bauds.map(String.init).joined(separator: ", ")) { node in
            node.integer.flatMap { bauds.contains($0) ? $0 : nil }
        }
        settings.fastBaud = fast ?? settings.fastBaud
        let bits = section.value("bits", accepted: "10, 12, 16") { node in
            node.integer.flatMap { C12880MAFrame.Resolution(rawValue: $0) }
        }
        settings.resolution = bits ?? settings.resolution
        readPolynomial(section)
    }

    private mutating func readPolynomial(_ section: YAMLSection) {
        let accepted = "2…8 numbers, A0 first"
        let coefficients = section.values("coefficients", countMax: 8, accepted: accepted) { $0.number }
        let base = section.integer("base", in: 0...1)
        guard let coefficients else {
            if base != nil { section.reject("base", .conflict, "needs `coefficients`") }
            return
        }
        guard let base else {
            return section.missing("base", accepted: "0 or 1: what the sheet counts the first pixel as")
        }
        guard let polynomial = WavelengthPolynomial(coefficients: coefficients, base: base) else {
            return section.reject("coefficients", .outOfRange, "accepted \(accepted)")
        }
        settings.polynomial = polynomial
    }

    /// What the entry alone does not tell: whether it suits the drivers of the ports that name it.
    static func check(_ instruments: [InstrumentSection], on ports: [SerialSection.Port], _ section: YAMLSection) {
        var names: Set<String> = []
        for instrument in instruments where !names.insert(instrument.name).inserted {
            section.reject("instruments", .conflict, "the name `\(instrument.name)` is given twice")
        }
        for port in ports {
            let named = port.instrument.flatMap { name in instruments.first { $0.name == name } }
            if let name = port.instrument, named == nil {
                let known = instruments.map(\.name).joined(separator: ", ")
                section.reject(
                    "serial", .conflict,
                    "\(port.path): instrument: no entry of `instruments` is named `\(name)`; "
                        + (known.isEmpty ? "there is none" : "accepted: \(known)"))
            }
            if let obstacle = port.driver.obstacle(to: named?.settings ?? InstrumentSettings()) {
                section.reject("serial", .conflict, "\(port.path): \(obstacle)")
            }
        }
    }
}
