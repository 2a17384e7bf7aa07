/// Mends the telemetry of the `side_a` build, which appends `hash` and `sig` after the object's closing brace.
///
/// Field reference, section 1.9. Such a record is flagged `repaired`; its hash covers text that no longer exists.
public enum SideATelemetryRepair {
    private static let seam = Array("},\"hash\":\"".utf8)

    /// How far from the end the misplaced members begin at most: a hash, a signature and their keys.
    private static let tailByteCountMax = 1024

    /// The text without the misplaced brace; nil if it has not this defect.
    public static func repaired(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count > seam.count else { return nil }
        let first = max(0, text.count - tailByteCountMax)
        var start = text.count - seam.count
        while start >= first {
            if text[start] == UInt8(ascii: "}"), text[start..<start + seam.count].elementsEqual(seam) {
                var mended = Array(text)
                mended.remove(at: start)
                return mended
            }
            start -= 1
        }
        return nil
    }

    /// As above, from an array.
    public static func repaired(_ text: [UInt8]) -> [UInt8]? { text.withUnsafeBytes { repaired($0) } }
}
