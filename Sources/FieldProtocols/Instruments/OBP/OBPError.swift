/// Why bytes are no message of the Ocean binary protocol; the names stand in the output of `decode`.
public enum OBPError: String, Error, Sendable, CaseIterable {
    /// The bytes end inside a message.
    case tooShort = "too_short"
    /// No `C1 C0` where a message should begin.
    case badMagic = "bad_magic"
    case unsupportedVersion = "unsupported_version"
    /// More than 64 KiB announced: a header that is none.
    case oversized
    /// Less than checksum and footer announced, more than 16 immediate bytes, or immediate bytes beside a payload.
    case lengthMismatch = "length_mismatch"
    /// A checksum type other than none and MD5.
    case badChecksumType = "bad_checksum_type"
    case checksumMismatch = "checksum_mismatch"
    /// No `C5 C4 C3 C2` where the message should end.
    case badFooter = "bad_footer"

    /// Stable snake_case name.
    public var code: String { rawValue }
}
