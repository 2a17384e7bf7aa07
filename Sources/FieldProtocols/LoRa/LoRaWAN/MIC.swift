internal import Crypto

/// The four bytes at the end of a frame of LoRaWAN that say it is genuine.
public struct MIC: Sendable, Equatable {
    /// The first byte lowest.
    public var bits: UInt32

    /// The front of a CMAC.
    init(_ code: AES128.Block) { bits = unsafeBitCast(code, to: SIMD4<UInt32>.self)[0].littleEndian }

    /// The last four of `bytes`.
    init(endOf bytes: [UInt8]) { bits = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) } }

    /// In their order on the air.
    public var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) } }
}
