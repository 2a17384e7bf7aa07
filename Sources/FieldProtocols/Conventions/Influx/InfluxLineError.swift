/// Why a text is no InfluxDB line protocol.
public struct InfluxLineError: Error, Equatable, Sendable {
    /// What can be wrong.
    public enum Reason: String, Sendable, CaseIterable {
        case missingMeasurement = "missing_measurement"
        case badTag = "bad_tag"
        case missingFields = "missing_fields"
        case badField = "bad_field"
        case badNumber = "bad_number"
        case unterminatedString = "unterminated_string"
        case badTimestamp = "bad_timestamp"
        case notUTF8 = "not_utf8"
        case tooManyFields = "too_many_fields"
    }

    /// What is wrong, and where in the payload.
    public var reason: Reason
    public var offset: Int

    /// Stable snake_case name.
    public var code: String { reason.rawValue }
}
