import GatewayModel
public import Serial

/// What is expected on a serial port: `driver` in the configuration. It decides who talks there, how the line is set and
/// how a device without an alias is named.
public enum PortTalkKind: String, CaseIterable, Sendable {
    /// MycoBrain boards of every generation, told apart by what they say.
    case mycobrain
    /// Sensors of the AS726x family, told apart by counting their channels.
    case as7265x
    /// Spectrometers that speak the Ocean binary protocol.
    case obp
    /// Boards that print the frames of a C12880MA.
    case c12880ma

    /// Whatever a profile of `drivers/` describes.
    case profile

    /// How the line is set where the configuration does not say.
    public var settings: LineSettings {
        switch self {
        case .mycobrain, .as7265x, .c12880ma: LineSettings(baud: 115_200)
        case .obp, .profile: LineSettings(baud: 9_600)
        }
    }

    /// What the name of a device without an alias begins with.
    var namePrefix: String {
        switch self {
        case .mycobrain, .as7265x, .obp, .c12880ma: rawValue
        case .profile: "device"
        }
    }

    /// Whether what is there tells its own id, for which readings wait where an alias goes by it.
    var tellsItsID: Bool {
        switch self {
        case .mycobrain: true
        case .as7265x, .obp, .c12880ma, .profile: false
        }
    }

    func talk(_ circumstances: PortCircumstances) -> any PortTalk & ~Copyable {
        switch self {
        case .mycobrain:
            BoardTalk(
                device: circumstances.device, firstSeq: circumstances.firstSeq, heard: circumstances.heard())
        case .as7265x:
            AS726xTalk(
                device: circumstances.device, settings: circumstances.place.instrument,
                baud: circumstances.place.settings.baud)
        case .obp:
            OBPTalk(
                device: circumstances.device, settings: circumstances.place.instrument,
                baud: circumstances.place.settings.baud, firstNumber: circumstances.firstSeq)
        case .profile: ProfileTalk(device: circumstances.device, profile: circumstances.place.profile?.profile)
        case .c12880ma: C12880MATalk(device: circumstances.device, settings: circumstances.place.instrument)
        }
    }
}

/// What is known when a conversation begins.
struct PortCircumstances {
    var place: SerialPlace
    var device: DeviceName
    /// Where own numbers begin: another one after a restart keeps late answers apart.
    var firstSeq: UInt32
    /// What had been heard of the device before a restart.
    var heard: () -> [ClosedRange<UInt32>]
}
