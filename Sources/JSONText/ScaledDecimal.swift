/// A double that is a decimal of at most 15 digits and 9 places: what sensors send. Printing these needs no big numbers.
struct ScaledDecimal {
    /// The digits as an integer, below 10^15.
    private let digits: UInt64
    private let isNegative: Bool
    private let places: Int

    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

    /// Nil if `value` has more digits or places. Of the forms that read back as `value`, the one with fewest places.
    ///
    /// Sound because a decimal of at most 15 digits is told apart from every other by its nearest double, and because
    /// the division of two integers below 2^53 and 10^22 rounds only once, as reading the text does.
    init?(_ value: Double) {
        let magnitude = value.magnitude
        guard magnitude < 1e15, magnitude >= 1e-4 else { return nil }
        for places in 0..<Self.powers.count {
            // Below 2^52 a half may be added for rounding: a library call would take longer than all the rest.
            let product = magnitude * Self.powers[places]
            guard product < 1e15 else { return nil }
            let scaled = Int64(product + 0.5)
            if Double(scaled) / Self.powers[places] == magnitude {
                digits = UInt64(scaled)
                isNegative = value < 0
                self.places = places
                return
            }
        }
        return nil
    }

    /// Writes the decimal; `keepingPoint` writes integral values with `.0`.
    func append(to bytes: inout [UInt8], keepingPoint: Bool) {
        if isNegative { bytes.append(UInt8(ascii: "-")) }
        NumberText.append(digits, to: &bytes, places: places)
        if places == 0, keepingPoint { bytes.append(contentsOf: ".0".utf8) }
    }
}
