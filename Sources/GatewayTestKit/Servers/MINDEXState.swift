/// What the stand-in MINDEX has received and stored: kept outside of the gateway, to judge it by.
public struct MINDEXLedger: Sendable {
    /// Samples by their unique key `device:seq:msgId:reading`, in the order of their arrival by device.
    public var samples: [String: String] = [:]
    /// Envelopes taken, repeats included, with their device in order.
    public var envelopes: [(device: String, seq: Int64, messageID: String)] = []
    /// Envelopes that were known in every sample.
    public var repeats = 0
    /// Samples that came again with another value.
    public var differing = 0
    /// The bodies of health reports, and of acknowledgements by command.
    public var reports: [[UInt8]] = []
    public var acknowledgements: [(id: String, isSuccess: Bool, message: String)] = []
    /// Times the queue was asked, times an acknowledgement was tried.
    public var polls = 0
    public var acknowledgementsTried = 0
    /// Requests turned away with 401.
    public var turnedAway = 0
    /// Every request, whatever its answer.
    public var requests = 0
}

/// Everything the stand-in MINDEX knows; behind one lock.
struct MINDEXState {
    let configuration: StandInMINDEX.Configuration
    var ledger = MINDEXLedger()
    var faults = PeerFaults()
    var devices: [String: String] = [:]
    /// Devices that an envelope has made: health reports know only these.
    var slugs: Set<String> = []
    var commands: [(id: String, serial: String, payload: String, status: String)] = []
    var acknowledgingFails: Bool

    init(_ configuration: StandInMINDEX.Configuration) {
        self.configuration = configuration
        acknowledgingFails = configuration.acknowledgingFails
    }
}
