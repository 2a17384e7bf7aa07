/// State of a drone (reference, section 9.3), type 0x08.
public struct DroneTelemetry: Sendable, Equatable {
    static let byteCount = 102
    private static let modes = ["manual", "stabilize", "loiter", "auto", "rtl", "land"]
    private static let missions = ["idle", "deploy", "retrieve", "data_mule"]

    /// Degrees.
    public var latitude: Float
    public var longitude: Float
    /// Metres above sea level and above the start.
    public var altitude: Float
    public var relativeAltitude: Float
    /// Degrees.
    public var heading: Float
    /// Metres per second.
    public var groundSpeed: Float
    public var airSpeed: Float
    public var climbRate: Float
    public var flightMode: String
    public var isArmed: Bool
    public var batteryPercent: UInt8
    public var batteryVolts: Float
    public var batteryAmperes: Float
    public var isPayloadLatched: Bool
    /// 1 Mushroom1, 2 SporeBase.
    public var payloadType: UInt8
    public var payloadMass: Float
    public var temperature: Float
    public var humidity: Float
    public var pressure: Float
    public var gasResistance: Float
    public var missionState: String
    public var missionProgress: UInt32
    public var target: String

    /// The caller has checked the size.
    init(_ payload: UnsafeRawBufferPointer) {
        latitude = payload.f32(at: 0)
        longitude = payload.f32(at: 4)
        altitude = payload.f32(at: 8)
        relativeAltitude = payload.f32(at: 12)
        heading = payload.f32(at: 16)
        groundSpeed = payload.f32(at: 20)
        airSpeed = payload.f32(at: 24)
        climbRate = payload.f32(at: 28)
        flightMode = Self.name(payload[32], Self.modes)
        isArmed = payload[33] != 0
        batteryPercent = payload[34]
        batteryVolts = payload.f32(at: 35)
        batteryAmperes = payload.f32(at: 39)
        isPayloadLatched = payload[43] != 0
        payloadType = payload[44]
        payloadMass = payload.f32(at: 45)
        temperature = payload.f32(at: 49)
        humidity = payload.f32(at: 53)
        pressure = payload.f32(at: 57)
        gasResistance = payload.f32(at: 61)
        missionState = Self.mission(payload[65])
        missionProgress = payload.u32(at: 66)
        target = payload.text(at: 70, count: 32)
    }

    /// The name of a mission's state.
    static func mission(_ state: UInt8) -> String { name(state, missions) }

    private static func name(_ value: UInt8, _ names: [String]) -> String {
        Int(value) < names.count ? names[Int(value)] : "unknown_\(value)"
    }
}

/// How far a mission of a drone has come (reference, section 9.3), type 0x09.
public struct DroneMissionStatus: Sendable, Equatable {
    static let byteCount = 74

    /// 0 idle, 1 deploy, 2 retrieve, 3 data mule.
    public var state: UInt8
    public var id: UInt32
    /// Percent, as far as the firmware says.
    public var progress: UInt32
    /// 0 pending … 3 failed.
    public var status: UInt8
    public var error: String

    /// The caller has checked the size.
    init(_ payload: UnsafeRawBufferPointer) {
        state = payload[0]
        id = payload.u32(at: 1)
        progress = payload.u32(at: 5)
        status = payload[9]
        error = payload.text(at: 10, count: 64)
    }
}
