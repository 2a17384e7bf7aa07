internal import GatewayModel

/// Remembers the units of packs by their spelling; few, so a short list is searched.
struct UnitNames {
    private var known: [(spelling: [UInt8], unit: Unit)] = []

    private static let countMax = 64

    /// The unit that `device` means; nil if it cannot be kept.
    mutating func unit(_ spelling: UnsafeBufferPointer<UInt8>, by device: DeviceName) -> Unit? {
        for entry in known where entry.spelling.elementsEqual(spelling) { return entry.unit }
        guard spelling.count <= 32,
            let unit = UnitSpelling.unit(String(decoding: spelling, as: UTF8.self), by: device)
        else { return nil }
        if known.count < Self.countMax { known.append((Array(spelling), unit)) }
        return unit
    }
}
