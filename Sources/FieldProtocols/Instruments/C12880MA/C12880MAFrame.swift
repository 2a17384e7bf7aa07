/// One frame of a Hamamatsu C12880MA as boards print it: 288 numbers on a line.
public enum C12880MAFrame {
    /// Pixels of the sensor.
    public static let pixelCount = 288

    /// Resolutions of the converters that boards carry.
    public enum Resolution: Int, Sendable, CaseIterable {
        case ten = 10, twelve = 12, sixteen = 16

        /// The largest count.
        public var fullScale: Double { Double((1 << rawValue) - 1) }
    }

    /// Why a line is no frame; the names stand in the output of `decode`.
    public enum Failure: String, Error, Sendable, CaseIterable {
        case badNumber = "bad_number"
        /// Other than 288 numbers: a line that began before we listened, or two that ran together.
        case wrongPixelCount = "wrong_pixel_count"
        /// Negative, not whole, or more than the converter gives.
        case countOutOfRange = "count_out_of_range"
        /// The polynomial does not ascend or descend over all pixels: a coefficient is mistyped.
        case notMonotonic = "not_monotonic"
        case badCoefficients = "bad_coefficients"

        /// Stable snake_case name.
        public var code: String { rawValue }
    }

    /// A line is at most 288 times six characters; longer ones are noise.
    public static let lineByteCountMax = 4_096

    /// Puts the counts of a line, without its end, into `counts`.
    /// - Returns: the offset of what is wrong, in `offset`.
    public static func read(
        _ line: UnsafeRawBufferPointer, resolution: Resolution, into counts: inout [Double], failedAt offset: inout Int
    ) throws(Failure) {
        offset = 0
        do {
            try ChannelList.read(line, into: &counts, countMax: pixelCount + 1)
        } catch {
            offset = error.offset
            throw counts.count > pixelCount ? .wrongPixelCount : .badNumber
        }
        guard counts.count == pixelCount else { throw .wrongPixelCount }
        let fullScale = resolution.fullScale
        guard counts.allSatisfy({ $0 >= 0 && $0 <= fullScale && $0 == $0.rounded() }) else { throw .countOutOfRange }
    }
}
