/// What has been learned of a board beyond its generation: on it depends which commands mean what.
public struct BoardTraits: Sendable, Equatable {
    /// It sends packed structs, envelopes or bare acknowledgements in frames: the binary generation, on this very port.
    public var speaksBinary = false
    /// The build, if it has shown which one it is. Command ids 0x10 to 0x13 and 0x20 to 0x22 mean other things on each.
    public var build: BinaryBuild?

    public init() {}

    /// A build of the binary generation.
    public enum BinaryBuild: Sendable, Equatable {
        /// `side_a`: pixel and buzzer.
        case sideA
        /// Wi-Fi sensing: start, stop, configure, calibrate under the pixel's ids.
        case wifiSense
        /// A drone: missions under the buzzer's ids.
        case drone
    }
}
