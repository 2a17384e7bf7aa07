import Crypto
import FieldProtocols
import GatewayModel
import JSONText

/// The command `transmit` of a gateway: `{"hex", "frequency", "data_rate", "power", "inverted"}`.
enum TransmitCommand {
    static let name = "transmit"

    static func downlink(_ command: DeviceCommand) throws(PayloadCommand.Refusal) -> SemtechDownlink {
        guard command.name == name else { throw refused("a gateway takes \(name)") }
        // Whatever is wrong with it, it is no object.
        guard let root = try? JSON(parsing: command.params) else { throw refused("params: accepted a JSON object") }
        guard let payload = root["hex"]?.string.flatMap({ Hex.decode($0) }), (1...255).contains(payload.count) else {
            throw refused("hex: accepted 1…255 bytes as hex digits")
        }
        guard let frequency = root["frequency"]?.double, (100e6...2.5e9).contains(frequency) else {
            throw refused("frequency: accepted 100000000…2500000000 in hertz")
        }
        guard let rate = root["data_rate"]?.string.flatMap({ RadioSetting.dataRate($0) }) else {
            throw refused("data_rate: accepted such as SF7BW125")
        }
        let power = root["power"]?.int ?? 14
        guard (-10...30).contains(power) else { throw refused("power: \(power), accepted -10…30 dBm") }
        let radio = RadioSetting(modulation: rate, frequencyHertz: frequency, codingRate: "4/5")
        return SemtechDownlink(
            payload, timing: .immediately, radio: radio, power: power, isInverted: root["inverted"]?.bool ?? false,
            omitsChecksum: false)
    }

    private static func refused(_ text: String) -> PayloadCommand.Refusal { PayloadCommand.Refusal(text) }
}
