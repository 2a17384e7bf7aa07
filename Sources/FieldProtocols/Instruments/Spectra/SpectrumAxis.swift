public import GatewayModel

/// The channels of one instrument: their wavelengths, and the metric of each. Made once, used for every spectrum.
///
/// Readings are stored in the order of wavelength, whatever the order on the wire.
public struct SpectrumAxis: Sendable, Equatable {
    /// In nm, in the order in which the instrument gives its channels.
    public let wavelengths: [Double]
    /// Positions in the instrument's order, by ascending wavelength.
    public let order: [Int]
    private let metrics: [MetricName]
    private let calibratedMetrics: [MetricName]
    /// What the wavelengths follow from, where the channels are named by pixel.
    private let coefficients: [(MetricName, Double)]

    /// Channels that one instrument may have.
    public static let channelCountMax = 2_048

    /// An axis of given wavelengths. Nil if two are the same, one is none, or there is no room for their names.
    ///
    /// - Parameter hasCalibrated: whether the instrument gives calibrated values as well.
    public init?(wavelengths: [Double], hasCalibrated: Bool = false) {
        guard !wavelengths.isEmpty, wavelengths.count <= Self.channelCountMax,
            let metrics = SpectrumNames.metrics(of: wavelengths, prefix: SpectrumNames.prefix)
        else { return nil }
        var calibrated: [MetricName] = []
        if hasCalibrated {
            guard let named = SpectrumNames.metrics(of: wavelengths, prefix: SpectrumNames.calibratedPrefix) else {
                return nil
            }
            calibrated = named
        }
        self.init(wavelengths, metrics, calibrated, [])
    }

    /// The axis of a line sensor. Its channels are named by wavelength while there is room for that, else by pixel, and the
    /// coefficients are stored with each spectrum. Nil if the wavelengths do not ascend or descend, or make no sense.
    public init?(_ polynomial: WavelengthPolynomial, count: Int) {
        let wavelengths = polynomial.wavelengths(count: count)
        guard (1...Self.channelCountMax).contains(count), polynomial.isMonotonic(count: count),
            wavelengths.allSatisfy({ SpectrumNames.text(nanometres: $0) != nil })
        else { return nil }
        if let metrics = SpectrumNames.metrics(of: wavelengths, prefix: SpectrumNames.prefix) {
            self.init(wavelengths, metrics, [], [])
        } else {
            self.init(byPixel: polynomial, wavelengths)
        }
    }

    /// An axis whose channels are named by pixel whether there is room or not.
    init?(byPixel polynomial: WavelengthPolynomial, _ wavelengths: [Double]) {
        guard let pixels = SpectrumNames.pixels(polynomial.base..<polynomial.base + wavelengths.count) else {
            return nil
        }
        var coefficients: [(MetricName, Double)] = []
        for (power, coefficient) in polynomial.coefficients.enumerated() {
            guard let metric = MetricName(SpectrumNames.coefficientPrefix + String(power)) else { return nil }
            coefficients.append((metric, coefficient))
        }
        self.init(wavelengths, pixels, [], coefficients)
    }

    private init(
        _ wavelengths: [Double], _ metrics: [MetricName], _ calibrated: [MetricName],
        _ coefficients: [(MetricName, Double)]
    ) {
        self.wavelengths = wavelengths
        order = wavelengths.indices.sorted { wavelengths[$0] < wavelengths[$1] }
        self.metrics = metrics
        calibratedMetrics = calibrated
        self.coefficients = coefficients
    }

    /// Whether the channels have no names of their own.
    public var isNamedByPixel: Bool { !coefficients.isEmpty }

    /// Adds the readings of a spectrum to the observation being built; false, and nothing, if its channels are not these.
    ///
    /// - Parameter isSaturated: told before a dark frame was taken off; nil to go by the counts as they are.
    public func append(_ spectrum: Spectrum, isSaturated: Bool? = nil, to batch: inout ObservationBatch) -> Bool {
        guard spectrum.counts.isEmpty || spectrum.counts.count == wavelengths.count,
            spectrum.calibrated.isEmpty || spectrum.calibrated.count == calibratedMetrics.count,
            !(spectrum.counts.isEmpty && spectrum.calibrated.isEmpty)
        else { return false }
        if !spectrum.counts.isEmpty {
            for index in order { batch.append(Reading(metrics[index], .number(spectrum.counts[index]), unit: .one)) }
        }
        if !spectrum.calibrated.isEmpty {
            for index in order {
                batch.append(Reading(calibratedMetrics[index], .number(spectrum.calibrated[index]), unit: .one))
            }
        }
        for (metric, value) in coefficients { batch.append(Reading(metric, .number(value))) }
        SpectrumProperties.append(spectrum, isSaturated: isSaturated ?? spectrum.isSaturated, to: &batch)
        return true
    }

    public static func == (lhs: SpectrumAxis, rhs: SpectrumAxis) -> Bool {
        lhs.wavelengths == rhs.wavelengths && lhs.metrics == rhs.metrics
            && lhs.calibratedMetrics == rhs.calibratedMetrics
    }
}
