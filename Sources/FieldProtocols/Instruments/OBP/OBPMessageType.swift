/// The messages of protocol 0x1100 that the gateway knows, with what they carry.
public enum OBPMessageType: UInt32, Sendable, CaseIterable {
    case reset = 0x0000_0000
    case hardwareRevision = 0x0000_0080
    case firmwareRevision = 0x0000_0090
    case serialNumber = 0x0000_0100
    case serialNumberLength = 0x0000_0101
    case deviceAlias = 0x0000_0200
    case baudRate = 0x0000_0800
    case setBaudRate = 0x0000_0810
    case correctedSpectrum = 0x0010_1000
    case rawSpectrum = 0x0010_1100
    case integration = 0x0011_0000
    case integrationMin = 0x0011_0001
    case integrationMax = 0x0011_0002
    case integrationStep = 0x0011_0003
    case setIntegration = 0x0011_0010
    case trigger = 0x0011_0100
    case setTrigger = 0x0011_0110
    case binning = 0x0011_0280
    case setBinning = 0x0011_0290
    case lamp = 0x0011_0400
    case setLamp = 0x0011_0410
    case wavelengthCount = 0x0018_0100
    case wavelengthCoefficient = 0x0018_0101
    case nonlinearityCount = 0x0018_1100
    case nonlinearityCoefficient = 0x0018_1101

    /// What a message's content is.
    public enum Content: Sendable, Equatable {
        case none, text, u8, u16, u32, f32, spectrum
        /// The index of a coefficient.
        case index
    }

    /// As the output of `decode` names it.
    public var name: String {
        switch self {
        case .reset: "reset"
        case .hardwareRevision: "get_hardware_revision"
        case .firmwareRevision: "get_firmware_revision"
        case .serialNumber: "get_serial_number"
        case .serialNumberLength: "get_serial_number_length"
        case .deviceAlias: "get_device_alias"
        case .baudRate: "get_baud_rate"
        case .setBaudRate: "set_baud_rate"
        case .correctedSpectrum: "get_corrected_spectrum"
        case .rawSpectrum: "get_raw_spectrum"
        case .integration: "get_integration_time"
        case .integrationMin: "get_integration_time_min"
        case .integrationMax: "get_integration_time_max"
        case .integrationStep: "get_integration_time_step"
        case .setIntegration: "set_integration_time"
        case .trigger: "get_trigger_mode"
        case .setTrigger: "set_trigger_mode"
        case .binning: "get_pixel_binning"
        case .setBinning: "set_pixel_binning"
        case .lamp: "get_lamp_enable"
        case .setLamp: "set_lamp_enable"
        case .wavelengthCount: "get_wavelength_coefficient_count"
        case .wavelengthCoefficient: "get_wavelength_coefficient"
        case .nonlinearityCount: "get_nonlinearity_coefficient_count"
        case .nonlinearityCoefficient: "get_nonlinearity_coefficient"
        }
    }

    /// What a request carries.
    public var request: Content {
        switch self {
        case .setBaudRate, .setIntegration: .u32
        case .setTrigger, .setBinning, .setLamp: .u8
        case .wavelengthCoefficient, .nonlinearityCoefficient: .index
        default: .none
        }
    }

    /// What an answer carries that is more than an acknowledgement.
    public var answer: Content {
        switch self {
        case .serialNumber, .deviceAlias: .text
        case .firmwareRevision: .u16
        case .hardwareRevision, .serialNumberLength, .trigger, .binning, .lamp, .wavelengthCount, .nonlinearityCount:
            .u8
        case .baudRate, .integration, .integrationMin, .integrationMax, .integrationStep: .u32
        case .wavelengthCoefficient, .nonlinearityCoefficient: .f32
        case .correctedSpectrum, .rawSpectrum: .spectrum
        case .reset, .setBaudRate, .setIntegration, .setTrigger, .setBinning, .setLamp: .none
        }
    }
}
