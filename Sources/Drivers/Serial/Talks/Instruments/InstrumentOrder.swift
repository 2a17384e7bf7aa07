import GatewayModel
import JSONText

/// A command for an instrument, understood and held to what instruments can do at all.
enum InstrumentOrder: Equatable {
    case measure
    case takeDark
    case clearDark
    /// Milliseconds.
    case setIntegration(Double)
    case setGain(Double)
    case setLamp(Bool)
    case reset

    /// Why a command is none, in words for whoever sent it.
    struct Refusal: Error, Equatable {
        var reason: String
    }

    static let names = ["measure", "take_dark", "clear_dark", "set_integration", "set_gain", "lamp", "reset"]

    init(_ command: DeviceCommand) throws(Refusal) {
        let params: JSON
        do { params = try JSON(parsing: command.params) } catch {
            throw Refusal(reason: "the parameters are not JSON")
        }
        switch command.name {
        case "measure": self = .measure
        case "take_dark": self = .takeDark
        case "clear_dark": self = .clearDark
        case "reset": self = .reset
        case "set_integration":
            guard let milliseconds = params["ms"]?.double, milliseconds > 0, milliseconds <= 85_000 else {
                throw Refusal(reason: "ms: accepted a time in milliseconds, at most 85000")
            }
            self = .setIntegration(milliseconds)
        case "set_gain":
            guard let gain = params["gain"]?.double, gain > 0 else {
                throw Refusal(reason: "gain: accepted a factor")
            }
            self = .setGain(gain)
        case "lamp":
            guard let isOn = params["on"]?.bool else { throw Refusal(reason: "on: accepted true, false") }
            self = .setLamp(isOn)
        default:
            throw Refusal(
                reason: "`\(command.name.prefix(64))`: instruments know \(Self.names.joined(separator: ", "))")
        }
    }
}
