/// Why raw data of a Bosch gas sensor cannot be turned into quantities; the names stand in the output of `decode`.
public enum BoschError: String, Error, Sendable, CaseIterable {
    /// A register block has another length than the data sheet's.
    case wrongLength = "wrong_length"
    /// No sensor of the family has this variant id.
    case unknownVariant = "unknown_variant"
    /// Calibration of one sensor, measurements of another.
    case variantMismatch = "variant_mismatch"
    case missingCalibration = "missing_calibration"
    /// A value that the register cannot hold.
    case outOfRange = "out_of_range"
    case noCases = "no_cases"

    /// Stable snake_case name.
    public var code: String { rawValue }
}
