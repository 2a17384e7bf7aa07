/// Gives each pixel of a line sensor its wavelength: λ(p) = c0 + c1·p + c2·p² …, in nanometres.
public struct WavelengthPolynomial: Sendable, Equatable {
    /// c0 first.
    public let coefficients: [Double]
    /// What the first pixel is counted as: 0 or 1. Makers differ, and one step is up to 2.7 nm.
    public let base: Int

    /// More than any maker gives.
    public static let coefficientCountMax = 8

    /// Nil unless there are 2…8 finite coefficients and `base` is 0 or 1.
    public init?(coefficients: [Double], base: Int) {
        guard (2...Self.coefficientCountMax).contains(coefficients.count), coefficients.allSatisfy(\.isFinite),
            base == 0 || base == 1
        else { return nil }
        self.coefficients = coefficients
        self.base = base
    }

    /// The wavelength at `p`, as the maker counts.
    public func wavelength(at p: Int) -> Double {
        var value = 0.0
        for coefficient in coefficients.reversed() { value = value * Double(p) + coefficient }
        return value
    }

    /// Of all pixels, in their order.
    public func wavelengths(count: Int) -> [Double] { (0..<max(count, 0)).map { wavelength(at: base + $0) } }

    /// Whether every pixel sees a longer wavelength than the one before, or each a shorter one.
    public func isMonotonic(count: Int) -> Bool {
        let all = wavelengths(count: count)
        guard all.allSatisfy(\.isFinite) else { return false }
        let steps = zip(all, all.dropFirst())
        return steps.allSatisfy { $0 < $1 } || steps.allSatisfy { $0 > $1 }
    }
}
