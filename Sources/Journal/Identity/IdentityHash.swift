internal import GatewayModel

/// The 64-bit hash by which a message is known again. Made from what is stored of it, so that it can be rebuilt.
///
/// The device's boot is not part of it: a message of an earlier boot that comes again must be known before its sequence
/// is taken for evidence of anything.
enum IdentityHash {
    /// Of a device that names its messages.
    static func of(_ device: DeviceName, messageID: UnsafeRawBufferPointer) -> UInt64 {
        mix(PayloadHash.of(messageID), UInt64(device.index) &+ 0x1000_0000_0000)
    }

    /// Of a device that numbers them.
    static func of(_ device: DeviceName, seq: UInt32, payload: UInt64) -> UInt64 {
        mix(payload ^ UInt64(seq) &* 0x9E37_79B9_7F4A_7C15, UInt64(device.index) &+ 0x2000_0000_0000)
    }

    /// Of a device that does neither: only comparable with what a resumed session repeats.
    static func of(_ device: DeviceName, payload: UInt64) -> UInt64 {
        mix(payload, UInt64(device.index) &+ 0x3000_0000_0000)
    }

    /// Never 0, which marks an empty place.
    private static func mix(_ value: UInt64, _ salt: UInt64) -> UInt64 {
        let product = (value ^ salt &* 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        let mixed = product.high ^ product.low
        return mixed == 0 ? 1 : mixed
    }
}
