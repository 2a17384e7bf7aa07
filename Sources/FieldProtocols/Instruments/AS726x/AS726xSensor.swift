/// The spectral sensors of ams that speak AT commands, and their channels (data sheets AS7262, AS7263, AS7265x).
public enum AS726xSensor: String, Sendable, CaseIterable {
    case as7262 = "AS7262"
    case as7263 = "AS7263"
    case as7265x = "AS7265x"

    /// A channel by its letter.
    public struct Channel: Sendable, Equatable {
        public var letter: Character
        public var nanometres: Int
    }

    /// In the order on the wire, which is not that of wavelength.
    public var channels: [Channel] {
        switch self {
        case .as7262: Self.visible
        case .as7263: Self.infrared
        case .as7265x: Self.triad
        }
    }

    /// As `channels`, wavelengths only.
    public var wavelengths: [Double] { channels.map { Double($0.nanometres) } }

    /// The sensors are told apart by counting: 18 values come from an AS7265x, 6 from the others.
    ///
    /// - Parameter hardware: what `ATVERHW` answered, whose low byte is the type; without it six values are an AS7263's.
    public init?(valueCount: Int, hardware: Int? = nil) {
        switch valueCount {
        case 18: self = .as7265x
        case 6: self = hardware.map { $0 & 0xFF } == 62 ? .as7262 : .as7263
        default: return nil
        }
    }

    private static let visible = channels("VBGYOR", [450, 500, 550, 570, 600, 650])
    private static let infrared = channels("RSTUVW", [610, 680, 730, 760, 810, 860])
    private static let triad = channels(
        "RSTUVWGHIJKLABCDEF",
        [610, 680, 730, 760, 810, 860, 560, 585, 645, 705, 900, 940, 410, 435, 460, 485, 510, 535])

    private static func channels(_ letters: String, _ wavelengths: [Int]) -> [Channel] {
        zip(letters, wavelengths).map { Channel(letter: $0, nanometres: $1) }
    }
}

/// The gains of the family by their codes.
public enum AS726xGain {
    /// By code, 0 first.
    public static let factors: [Double] = [1, 3.7, 16, 64]

    /// The code of a factor; nil if the sensor has no such gain.
    public static func code(of factor: Double) -> Int? { factors.firstIndex(of: factor) }
}

/// Integration times of the family: steps of 2.8 ms.
public enum AS726xIntegration {
    public static let stepMilliseconds = 2.8
    public static let steps = 1...255

    /// Modes 2 and 3 of the AS726x and every measurement of an AS7265x need two integrations.
    public static func measurementMilliseconds(steps: Int) -> Double { Double(steps) * stepMilliseconds * 2 }

    /// The nearest step for a time in ms; nil if it is outside 2.8…714 ms.
    public static func steps(milliseconds: Double) -> Int? {
        guard milliseconds.isFinite, let steps = Int(exactly: (milliseconds / stepMilliseconds).rounded()) else {
            return nil
        }
        return Self.steps.contains(steps) ? steps : nil
    }

    /// Counts at which a channel is full: about 1,024 a step, at most 65,535.
    public static func fullScale(steps: Int) -> Double { Double(min(steps * 1_024, 65_535)) }
}
