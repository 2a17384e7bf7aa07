/// Channel state of a Wi-Fi link (reference, section 9.2), type 0x07.
public struct WiFiSense: Sendable, Equatable {
    static let byteCount = 570

    /// Wraps every 4.3 s.
    public var nanoseconds: UInt32
    public var link: UInt8
    public var channel: UInt8
    public var bandwidth: UInt8
    public var rssi: Int8
    /// 0: pairs of 16-bit integers; 1: amplitude and phase.
    public var format: UInt8
    public var subcarriers: UInt16
    public var antennas: UInt8
    /// The used part of the 512 bytes.
    public var channelState: [UInt8]
    public var acceleration: [Float]
    public var rotation: [Float]
    public var compass: [Float]
    public var temperature: Float
    public var humidity: Float

    /// The caller has checked the size. The struct is packed, and its offsets count from behind the header.
    init(_ payload: UnsafeRawBufferPointer) {
        nanoseconds = payload.u32(at: 0)
        link = payload[4]
        channel = payload[5]
        bandwidth = payload[6]
        rssi = payload.i8(at: 7)
        let used = min(Int(payload.u16(at: 8)), 512)
        format = payload[10]
        subcarriers = payload.u16(at: 11)
        antennas = payload[13]
        channelState = Array(payload[14..<14 + used])
        acceleration = (0..<3).map { payload.f32(at: 526 + 4 * $0) }
        rotation = (0..<3).map { payload.f32(at: 538 + 4 * $0) }
        compass = (0..<3).map { payload.f32(at: 550 + 4 * $0) }
        temperature = payload.f32(at: 562)
        humidity = payload.f32(at: 566)
    }
}
