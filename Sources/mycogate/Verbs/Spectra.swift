import HTTPClient
import JSONText

extension Verb {
    static let spectra = Verb(
        name: "spectra", synopsis: "--device ID [--since 1h] [--until …] [--limit N] [--format table|json|csv]",
        summary: "Prints the spectra of a device.",
        details:
            "csv gives a line a channel, by ascending wavelength; json an object a spectrum; table a line a spectrum.",
        options: [
            .init(name: "device", value: "ID", help: "the device"),
            .init(name: "since", value: "TIME", help: "from then on (default 1h)"),
            .init(name: "until", value: "TIME", help: "until then (default now)"),
            .init(name: "limit", value: "N", help: "this many at most"),
            .format, .json,
        ] + Option.daemon
    ) { arguments in
        guard let device = arguments["device"] else { throw ToolError.usage("--device is missing") }
        let format = try arguments.format()
        let query: [(String, String?)] = [
            ("from", arguments["since"] ?? "1h"), ("to", arguments["until"]),
            ("limit", try arguments.integer("limit", in: 1...100_000).map { String($0) }),
        ]
        try DaemonClient(arguments).show(
            "/api/v1/devices/\(PercentText.encode(device))/spectra", query, as: format,
            columns: ["time", "seq", "channels", "nm", "highest", "at nm", "integration ms", "saturated", "dark"],
            SpectrumRow.cells)
        return .ok
    }
}

/// One spectrum in a line of a table.
private enum SpectrumRow {
    static func cells(_ spectrum: JSON) -> [String] {
        let wavelengths = spectrum["wavelengths_nm"]?.array ?? []
        let values = (spectrum["counts"] ?? spectrum["calibrated"])?.array ?? []
        let highest = values.indices.max { (values[$0].double ?? 0) < (values[$1].double ?? 0) }
        let range = "\(wavelengths.first?.text ?? "")…\(wavelengths.last?.text ?? "")"
        func text(_ key: String) -> String { spectrum[key]?.string ?? spectrum[key]?.text ?? "" }
        return [
            text("time"), text("seq"), String(wavelengths.count), range, highest.map { values[$0].text } ?? "",
            highest.flatMap { wavelengths.indices.contains($0) ? wavelengths[$0].text : nil } ?? "",
            text("integration_ms"), text("saturated"), text("dark"),
        ]
    }
}
