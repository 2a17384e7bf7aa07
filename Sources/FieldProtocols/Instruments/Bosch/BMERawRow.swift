/// One measurement of a `.bmerawdata` file: what its columns say, nil where they say nothing.
public struct BMERawRow: Sendable, Equatable {
    public var sensorIndex: Int?
    public var sensorID: UInt64?
    /// Milliseconds since the board was switched on.
    public var sincePowerOn: Int64?
    /// Unix seconds; nil where the board had no time.
    public var clock: Int64?
    public var celsius: Double?
    public var hectopascal: Double?
    public var humidityPercent: Double?
    public var gasOhm: Double?
    public var heaterStep: Int?
    public var isScanning: Bool?
    public var scanningCycle: Int64?
    public var labelTag: Int64?
    public var errorCode: Int64?

    public init() {}
}
