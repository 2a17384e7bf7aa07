/// Why a payload is no SenML pack.
public struct SenMLError: Error, Equatable, Sendable {
    /// What can be wrong.
    public enum Reason: String, Sendable, CaseIterable {
        case malformedJSON = "malformed_json"
        case malformedCBOR = "malformed_cbor"
        /// Not an array of records.
        case notAPack = "not_a_pack"
        /// Base name and name together are empty, or hold what RFC 8428 section 4.5.1 forbids.
        case badName = "bad_name"
        /// A field of another type than its label has.
        case badField = "bad_field"
        /// Two values in one record.
        case severalValues = "several_values"
        /// A version that is newer than RFC 8428.
        case unsupportedVersion = "unsupported_version"
        case notFinite = "value_not_finite"
        case tooManyRecords = "too_many_records"
    }

    /// What is wrong, and the number of the record, from 0.
    public var reason: Reason
    public var record: Int

    /// Stable snake_case name.
    public var code: String { reason.rawValue }
}
