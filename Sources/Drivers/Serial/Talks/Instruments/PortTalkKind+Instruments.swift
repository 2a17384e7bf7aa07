import FieldProtocols

extension PortTalkKind {
    /// Why an instrument of this kind cannot be run like that, in words; nil if it can.
    public func obstacle(to settings: InstrumentSettings) -> String? {
        switch self {
        case .as7265x:
            if let time = settings.integration, AS726xIntegration.steps(milliseconds: time) == nil {
                return "integration_ms of an AS726x: accepted 2.8…714"
            }
            if let gain = settings.gain, AS726xGain.code(of: gain) == nil {
                return "gain of an AS726x: accepted 1, 3.7, 16, 64"
            }
            return nil
        case .c12880ma:
            guard let polynomial = settings.polynomial else {
                return "a C12880MA needs `instrument:` with `coefficients` and `base` of its inspection sheet"
            }
            return polynomial.isMonotonic(count: C12880MAFrame.pixelCount)
                ? nil : "the coefficients do not give each pixel a longer wavelength than the one before"
        default: return nil
        }
    }
}
