internal import GatewayModel
internal import Synchronization

/// The metric names of spectra (decision 0005): `spectrum.610`, `spectrum.337_25`, `spectrum.calibrated.610`, and for
/// instruments that find no room among the wavelengths `spectrum.pixel_0`.
public enum SpectrumNames {
    /// Wavelengths that get names of their own in one run of a gateway; the table of all metrics has 20,000.
    public static let wavelengthCountMax = 8_192
    /// Pixels that can be named instead; all instruments share them.
    public static let pixelCountMax = 2_048

    static let prefix = "spectrum."
    static let calibratedPrefix = "spectrum.calibrated."
    static let pixelPrefix = "spectrum.pixel_"
    static let coefficientPrefix = "spectrum.coefficient_"

    private static let taken = Mutex<Set<String>>([])

    /// The names for all of these wavelengths, or nil if they are not a spectrum's or there is no room for all.
    static func metrics(of wavelengths: [Double], prefix: String) -> [MetricName]? {
        let names = wavelengths.compactMap { text(nanometres: $0).map { prefix + $0 } }
        guard names.count == wavelengths.count, Set(names).count == names.count else { return nil }
        let hasRoom = taken.withLock { taken in
            let new = names.filter { !taken.contains($0) }
            guard taken.count + new.count <= wavelengthCountMax else { return false }
            taken.formUnion(new)
            return true
        }
        guard hasRoom else { return nil }
        let metrics = names.compactMap { MetricName($0) }
        return metrics.count == names.count ? metrics : nil
    }

    /// The names of pixels, by the number `p` that the wavelength is calculated from; nil if there are too many.
    static func pixels(_ range: Range<Int>) -> [MetricName]? {
        guard range.lowerBound >= 0, range.upperBound <= pixelCountMax else { return nil }
        let metrics = range.compactMap { MetricName(pixelPrefix + String($0)) }
        return metrics.count == range.count ? metrics : nil
    }

    /// `610`, `337_25`: two decimals at most, without zeros behind. Nil outside of 100…30,000 nm.
    static func text(nanometres: Double) -> String? {
        guard (100...30_000).contains(nanometres), let hundredths = Int(exactly: (nanometres * 100).rounded())
        else { return nil }
        let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
        if rest == 0 { return String(whole) }
        let decimals = rest % 10 == 0 ? String(rest / 10) : (rest < 10 ? "0" : "") + String(rest)
        return "\(whole)_\(decimals)"
    }
}
