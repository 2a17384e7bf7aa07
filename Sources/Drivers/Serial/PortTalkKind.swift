import FieldProtocols
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
    /// LoRa modems with the AT commands of RUI3.
    case rak3172
    /// LoRa modems of Reyax.
    case reyax
    /// The LoRa-E5 in its test mode.
    case loraE5 = "lora-e5"
    /// Nodes of a Meshtastic mesh.
    case meshtastic
    /// Boards with the firmware that relays frames of MycoBrain boards.
    case loraGateway = "lora-gateway"

    /// Whatever a profile of `drivers/` describes.
    case profile

    /// How the line is set where the configuration does not say.
    public var settings: LineSettings {
        switch self {
        case .mycobrain, .as7265x, .c12880ma, .rak3172, .reyax, .meshtastic, .loraGateway: LineSettings(baud: 115_200)
        case .obp, .loraE5, .profile: LineSettings(baud: 9_600)
        }
    }

    /// What the name of a device without an alias begins with.
    var namePrefix: String {
        switch self {
        case .mycobrain, .as7265x, .obp, .c12880ma, .rak3172, .reyax, .loraE5, .meshtastic, .loraGateway: rawValue
        case .profile: "device"
        }
    }

    /// Whether what is there tells its own id, for which readings wait where an alias goes by it.
    var tellsItsID: Bool {
        switch self {
        case .mycobrain: true
        case .as7265x, .obp, .c12880ma, .rak3172, .reyax, .loraE5, .meshtastic, .loraGateway, .profile: false
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
                baud: circumstances.place.settings.baud, darkFrames: circumstances.darkFrames)
        case .obp:
            OBPTalk(
                device: circumstances.device, settings: circumstances.place.instrument,
                baud: circumstances.place.settings.baud, firstNumber: circumstances.firstSeq,
                darkFrames: circumstances.darkFrames)
        case .profile: ProfileTalk(device: circumstances.device, profile: circumstances.place.profile?.profile)
        case .rak3172: ModemTalk(.rak3172, device: circumstances.device, radio: circumstances.place.radio)
        case .reyax: ModemTalk(.reyax, device: circumstances.device, radio: circumstances.place.radio)
        case .loraE5: ModemTalk(.loraE5, device: circumstances.device, radio: circumstances.place.radio)
        case .meshtastic:
            MeshtasticTalk(device: circumstances.device, firstNumber: circumstances.firstSeq)
        case .loraGateway:
            LoRaGatewayTalk(
                BoardTalk(
                    device: circumstances.device, firstSeq: circumstances.firstSeq, heard: circumstances.heard()))
        case .c12880ma:
            C12880MATalk(
                device: circumstances.device, settings: circumstances.place.instrument,
                darkFrames: circumstances.darkFrames)
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
    var darkFrames = DarkFrames.none
}
