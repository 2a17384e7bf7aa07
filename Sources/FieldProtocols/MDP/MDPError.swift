/// Why bytes are not an MDP v1 frame, or why the payload of one cannot be used. The raw values are the stable codes.
public enum MDPError: String, Error, Sendable, CaseIterable {
    case crcMismatch = "crc_mismatch"
    case badMagic = "bad_magic"
    case unsupportedVersion = "unsupported_version"
    /// The checksum holds, but the body is shorter than a header.
    case tooShort = "too_short"
    /// Longer than `MDPLimits` allow.
    case oversized = "oversized"
    /// The input ended before the delimiter.
    case incomplete = "incomplete"
    /// The byte stuffing does not add up: a part is missing.
    case stuffingBroken = "cobs_truncated_or_crc_mismatch"
    /// A zero byte inside a frame has made two of it, neither of them good.
    case twoBadFragments = "two_bad_fragments"
    case payloadNotJSON = "payload_json_invalid"
    case payloadNotUTF8 = "payload_utf8_invalid"
    case commandLengthExceedsFrame = "cmd_len_exceeds_frame"

    /// Stable snake_case name.
    public var code: String { rawValue }
}

/// Sizes of MDP v1 (reference, section 1.6).
public enum MDPLimits {
    /// Bytes in front of the payload, and behind it.
    public static let headerCount = 16
    public static let checksumCount = 2
    /// Header, payload and checksum before stuffing: what this gateway accepts.
    public static let rawCountMax = 2048
    /// What firmware sends and accepts at most; longer frames are reported by `decode`, yet accepted from boards.
    public static let firmwareRawCountMax = 1024
    /// The longest frame after stuffing, without delimiter.
    public static let encodedCountMax = COBS.encodedCountMax(rawCount: rawCountMax)
    /// Bytes kept while waiting for a delimiter.
    public static let pendingCountMax = 4096
}
