public import FieldProtocols

/// How an instrument on a serial port is run; what is nil is left as the instrument has it.
public struct InstrumentSettings: Sendable, Equatable {
    /// Which values of an AS726x are asked for.
    public enum Values: String, CaseIterable, Sendable { case raw, calibrated, both }

    /// What a lamp of the instrument does.
    public enum Lamp: String, CaseIterable, Sendable {
        case off, on
        /// On for each measurement alone.
        case measure
    }

    /// Which spectrum of an Ocean spectrometer is asked for.
    public enum Correction: String, CaseIterable, Sendable {
        case corrected, raw
        /// Raw, and made proportional to light by the device's own polynomial once a dark frame has been taken.
        case linear
    }

    /// Between the beginnings of two measurements, in milliseconds.
    public var interval: Int64 = 10_000
    /// In milliseconds.
    public var integration: Double?
    /// The factor.
    public var gain: Double?
    public var values = Values.both
    public var lamp: Lamp?
    public var correction = Correction.corrected
    /// Bits a second that the line of an Ocean spectrometer is raised to; nil for no more than it begins with.
    public var fastBaud: Int? = 115_200
    /// Of a line sensor whose coefficients the instrument does not know.
    public var polynomial: WavelengthPolynomial?
    public var resolution = C12880MAFrame.Resolution.sixteen

    public init() {}
}
