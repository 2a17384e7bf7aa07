/// What a metric name says of a spectrum: the other way round of `SpectrumNames`.
public enum SpectrumChannel: Sendable, Equatable {
    /// Counts at a wavelength in nm.
    case counts(nanometres: Double)
    /// A value by the instrument's own calibration at a wavelength in nm.
    case calibrated(nanometres: Double)
    /// Counts of the pixel `p`.
    case pixel(Int)
    /// The coefficient of this power of `p`.
    case coefficient(Int)
    /// `integration`, `gain`, `saturated` …
    case property(String)

    /// Nil if this is no metric of a spectrum.
    public init?(metric: String) {
        guard metric.hasPrefix(SpectrumNames.prefix) else { return nil }
        if let nanometres = Self.nanometres(metric, after: SpectrumNames.calibratedPrefix) {
            self = .calibrated(nanometres: nanometres)
        } else if let nanometres = Self.nanometres(metric, after: SpectrumNames.prefix) {
            self = .counts(nanometres: nanometres)
        } else if let pixel = Self.number(metric, after: SpectrumNames.pixelPrefix) {
            self = .pixel(pixel)
        } else if let power = Self.number(metric, after: SpectrumNames.coefficientPrefix) {
            self = .coefficient(power)
        } else {
            self = .property(String(metric.dropFirst(SpectrumNames.prefix.count)))
        }
    }

    private static func number(_ metric: String, after prefix: String) -> Int? {
        guard metric.hasPrefix(prefix) else { return nil }
        return Int(metric.dropFirst(prefix.count)).flatMap { (0...SpectrumNames.pixelCountMax).contains($0) ? $0 : nil }
    }

    private static func nanometres(_ metric: String, after prefix: String) -> Double? {
        guard metric.hasPrefix(prefix) else { return nil }
        let parts = metric.dropFirst(prefix.count).split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = parts.first.flatMap({ UInt32($0) }) else { return nil }
        guard parts.count == 2 else { return Double(whole) }
        guard (1...2).contains(parts[1].count), let decimals = UInt32(parts[1]) else { return nil }
        return (Double(whole) * 100 + Double(parts[1].count == 1 ? decimals * 10 : decimals)) / 100
    }
}
