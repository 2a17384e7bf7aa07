public import GatewayModel

/// A spectrum without light, which is taken off those after it that were taken alike.
public struct DarkFrame: Sendable, Equatable {
    /// Of the channels, in nm, in the instrument's order; another instrument has others.
    public var wavelengths: [Double]
    public var counts: [Double]
    /// Milliseconds; the dark current grows with it.
    public var integration: Double?
    /// The factor.
    public var gain: Double?
    /// When it was taken.
    public var taken: Timestamp

    /// Of these channels, with these counts.
    public init(wavelengths: [Double], counts: [Double], integration: Double?, gain: Double?, taken: Timestamp) {
        self.wavelengths = wavelengths
        self.counts = counts
        self.integration = integration
        self.gain = gain
        self.taken = taken
    }
}
