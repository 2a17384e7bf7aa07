/// What happened to a record on its way in (contract, `flags`).
public struct RecordFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The payload was malformed in a known way and mended before decoding.
    public static let repaired = RecordFlags(rawValue: 1 << 0)
    /// Another record of this device and boot has the same device sequence and another content.
    public static let duplicateSeq = RecordFlags(rawValue: 1 << 1)
    /// Holds values that the firmware is known to make up.
    public static let placeholder = RecordFlags(rawValue: 1 << 2)
    /// The gateway's clock could not be believed when this arrived. Told when a record is read, not stored.
    public static let clockUntrusted = RecordFlags(rawValue: 1 << 3)
    /// The same, but the right time has become known since, and is given. Told when a record is read, not stored.
    public static let clockCorrected = RecordFlags(rawValue: 1 << 12)
    public static let signatureValid = RecordFlags(rawValue: 1 << 4)
    public static let signatureInvalid = RecordFlags(rawValue: 1 << 5)
    public static let hashInvalid = RecordFlags(rawValue: 1 << 6)
    /// Device sequences are missing immediately before this record; a `sequence_gap` event tells which.
    public static let gapBefore = RecordFlags(rawValue: 1 << 7)
    /// First record of a new boot of the device.
    public static let newBoot = RecordFlags(rawValue: 1 << 8)
    /// `deviceSeq` was given out by the gateway because the device sends none.
    public static let seqAssigned = RecordFlags(rawValue: 1 << 9)
    /// Numbers that came without a record stand before `deviceSeq`; the record tells which.
    public static let heardBefore = RecordFlags(rawValue: 1 << 11)
    /// Arrived as a retained message: describes an earlier moment.
    public static let retained = RecordFlags(rawValue: 1 << 10)

    /// The public names, in the order they are printed; the private bookkeeping bits have none.
    public static let names: [(flag: RecordFlags, name: StaticString)] = [
        (.repaired, "repaired"), (.duplicateSeq, "duplicate_seq"), (.placeholder, "placeholder"),
        (.clockUntrusted, "clock_untrusted"), (.signatureValid, "signature_valid"),
        (.signatureInvalid, "signature_invalid"), (.hashInvalid, "hash_invalid"), (.gapBefore, "gap_before"),
        (.newBoot, "new_boot"), (.retained, "retained"), (.clockCorrected, "clock_corrected"),
    ]
}
