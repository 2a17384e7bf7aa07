import FieldProtocols
import GatewayModel
import JSONText

/// A spectrum in answers of the API.
enum SpectrumDocument {
    static func json(_ spectrum: StoredSpectrum) -> JSON {
        var members: [(String, JSON)] = [
            ("seq", .integer(spectrum.seq.rawValue)), ("device", .string(spectrum.device.text)),
            ("time", .time(spectrum.time)), ("wavelengths_nm", list(spectrum) { $0.nanometres }),
        ]
        if spectrum.channels.contains(where: { $0.counts != nil }) {
            members.append(("counts", list(spectrum) { $0.counts }))
        }
        if spectrum.channels.contains(where: { $0.calibrated != nil }) {
            members.append(("calibrated", list(spectrum) { $0.calibrated }))
        }
        for (name, reading) in spectrum.properties {
            members.append((name == "integration" ? "integration_ms" : name, .value(reading.value)))
        }
        return .members(members)
    }

    private static func list(_ spectrum: StoredSpectrum, _ value: (StoredSpectrum.Channel) -> Double?) -> JSON {
        .array(spectrum.channels.map { value($0).map { .value(.number($0)) } ?? .null })
    }

    /// The columns of a channel; the same for every instrument, whatever its channels.
    static let csvHead =
        "time,device,seq,wavelength_nm,counts,calibrated,integration_ms,gain,saturated,dark,temperature_c\n"

    /// A line for each channel, by ascending wavelength, without the last end of line.
    static func csv(_ spectrum: StoredSpectrum) -> String {
        func property(_ name: String) -> String {
            guard let reading = spectrum.properties.first(where: { $0.name == name })?.reading else { return "" }
            return if case .text(let text) = reading.value { text } else { JSON.value(reading.value).text }
        }
        func number(_ value: Double?) -> String { value.map { JSON.value(.number($0)).text } ?? "" }
        let head = "\(RFC3339.text(spectrum.time.milliseconds)),\(spectrum.device.text),\(spectrum.seq)"
        let tail = ["integration", "gain", "saturated", "dark", "temperature"].map(property).joined(separator: ",")
        return spectrum.channels.map { channel in
            "\(head),\(number(channel.nanometres)),\(number(channel.counts)),\(number(channel.calibrated)),\(tail)"
        }.joined(separator: "\n")
    }
}
