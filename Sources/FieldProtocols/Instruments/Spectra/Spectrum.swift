/// One spectrum as an instrument gave it: the values of its channels, in the order of the axis, and how they were taken.
///
/// Plain memory that is filled again for the next one.
public struct Spectrum: Sendable, Equatable {
    /// What has become of the dark current.
    public enum Dark: String, Sendable, CaseIterable {
        /// Nothing was done about it.
        case none
        /// A dark frame has been subtracted.
        case subtracted
        /// This is a dark frame itself.
        case frame
    }

    /// Counts of the converter, one a channel; empty if only calibrated values were sent.
    public var counts: [Double] = []
    /// Values by the instrument's own calibration, one a channel; empty if there are none.
    public var calibrated: [Double] = []
    /// Milliseconds.
    public var integration: Double?
    /// The factor, not its code.
    public var gain: Double?
    public var dark = Dark.none
    /// When the dark frame was taken that has been subtracted, in Unix milliseconds.
    public var darkTaken: Int64?
    /// Whether the counts have been made proportional to light; nil if nobody wants that here.
    public var isLinear: Bool?
    /// Counts at which a channel is full; nil if unknown.
    public var fullScale: Double?
    /// °C, one for each die.
    public var temperatures: [Double] = []
    /// Whether a lamp of the instrument was on; nil if unknown.
    public var lamp: Bool?
    /// Told by the instrument beside the channels: of AS7341 the one without filter.
    public var clear: Double?

    public init() {}

    /// Whether some channel was full; nil if that cannot be told.
    public var isSaturated: Bool? {
        guard let fullScale, !counts.isEmpty else { return nil }
        return counts.contains { $0 >= fullScale } || clear.map { $0 >= fullScale } ?? false
    }

    /// Takes a dark frame off the counts; false if it has another number of channels.
    public mutating func subtract(_ frame: [Double]) -> Bool {
        guard frame.count == counts.count else { return false }
        for index in counts.indices { counts[index] -= frame[index] }
        dark = .subtracted
        return true
    }

    /// Divides each count by the value that the polynomial has there, c0 first, as the makers of spectrometers give it. False,
    /// and nothing is changed, if it makes no sense: a converter is never off by half.
    public mutating func linearize(by polynomial: [Double]) -> Bool {
        let values = counts.map { count in polynomial.reversed().reduce(0) { $0 * count + $1 } }
        guard !polynomial.isEmpty, values.allSatisfy({ (0.5...2).contains($0) }) else { return false }
        for index in counts.indices { counts[index] /= values[index] }
        return true
    }
}
