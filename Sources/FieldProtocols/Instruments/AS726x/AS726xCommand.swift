/// A question to a sensor of the AS726x family, with its argument held to the range of the data sheet.
public enum AS726xCommand: Sendable, Equatable {
    case attention
    case softwareVersion
    case hardwareVersion
    case temperature
    case rawValues
    case calibratedValues
    case integration
    case setIntegration(steps: Int)
    case gain
    case setGain(code: Int)
    case mode
    case setMode(Int)
    case interval
    case setInterval(Int)
    case burst(Int)
    /// One of the lamp and indicator lines: 0, 1, 3, 5.
    case led(line: Int, isOn: Bool)
    /// The current of the lines of one die: `C`, `D` or `E`, as the register's byte.
    case ledCurrent(die: Character, register: Int)
    case reset

    /// The lines of lamps and indicators.
    public static let ledLines = [0, 1, 3, 5]

    /// Whether the argument is in range.
    public var isValid: Bool {
        switch self {
        case .setIntegration(let steps): AS726xIntegration.steps.contains(steps)
        case .setGain(let code): (0...3).contains(code)
        case .setMode(let mode): (0...3).contains(mode)
        case .setInterval(let interval), .burst(let interval): (0...255).contains(interval)
        case .led(let line, _): Self.ledLines.contains(line)
        case .ledCurrent(let die, let register): "CDE".contains(die) && (0...255).contains(register)
        default: true
        }
    }

    /// As it goes on the wire, without the line's end.
    public var text: String {
        switch self {
        case .attention: "AT"
        case .softwareVersion: "ATVERSW"
        case .hardwareVersion: "ATVERHW"
        case .temperature: "ATTEMP"
        case .rawValues: "ATDATA"
        case .calibratedValues: "ATCDATA"
        case .integration: "ATINTTIME"
        case .setIntegration(let steps): "ATINTTIME=\(steps)"
        case .gain: "ATGAIN"
        case .setGain(let code): "ATGAIN=\(code)"
        case .mode: "ATTCSMD"
        case .setMode(let mode): "ATTCSMD=\(mode)"
        case .interval: "ATINTRVL"
        case .setInterval(let interval): "ATINTRVL=\(interval)"
        case .burst(let count): "ATBURST=\(count)"
        case .led(let line, let isOn): "ATLED\(line)=\(isOn ? 1 : 0)"
        case .ledCurrent(let die, let register): "ATLED\(die)=0x\(Self.hex(register))"
        case .reset: "ATRST"
        }
    }

    /// Whether an `ERROR` may be the answer although the command worked.
    public var answersErrorAnyway: Bool { self == .reset }

    private static func hex(_ value: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return text.count < 2 ? "0" + text : text
    }
}
