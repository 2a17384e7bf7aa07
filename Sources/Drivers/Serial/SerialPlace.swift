public import FieldProtocols
public import Serial

/// A place where a device is expected: a path that somebody configured.
public struct SerialPlace: Sendable, Equatable {
    /// Best a link below `/dev/serial/by-id`; links are followed again whenever they change.
    public var path: String
    /// What is expected there.
    public var kind: PortTalkKind
    public var settings: LineSettings
    /// How an instrument there is run; of no concern to other kinds.
    public var instrument: InstrumentSettings
    /// What describes a device of kind `profile`; nil for other kinds.
    public var profile: PlacedProfile?
    /// How a LoRa modem there is set; of no concern to other kinds.
    public var radio: ModemRadio

    /// - Parameter settings: nil for what is usual with the kind.
    public init(
        path: String, kind: PortTalkKind = .mycobrain, settings: LineSettings? = nil,
        instrument: InstrumentSettings = InstrumentSettings(), profile: PlacedProfile? = nil,
        radio: ModemRadio = ModemRadio()
    ) {
        self.path = path
        self.kind = kind
        self.settings = settings ?? kind.settings
        self.instrument = instrument
        self.profile = profile
        self.radio = radio
    }
}
