/// The receiving end of a device activated by personalisation: checks who it is and that no frame comes twice.
public struct DeviceSession {
    /// A frame that was accepted.
    public struct Accepted: Sendable, Equatable {
        /// All 32 bits of the counter.
        public var counter: UInt32
        public var port: UInt8?
        public var payload: [UInt8]
        /// The device has begun to count anew.
        public var hasRestarted: Bool
    }

    /// What to do with a counter that falls back.
    public enum Restarts: Sendable {
        /// Refused: what the specification demands.
        case refused
        /// Taken for a device that has lost its counter with its power. Anybody can send its old frames again then.
        case accepted
    }

    /// The address of the device in its network.
    public let address: UInt32
    /// The counter of the last frame accepted; nil before the first.
    public private(set) var counter: UInt32?
    private let keys: SessionKeys
    private let restarts: Restarts
    private var lastMIC: MIC?

    /// How many upper halves of the counter are tried: no number of frames that were missed locks a device out (LoRaWAN
    /// 1.0.x had a limit, later ones have none), and a lost state costs it no more than a search.
    static let highHalvesMax: UInt32 = 64

    /// `counter`: of the last frame accepted before a restart of the gateway.
    public init(address: UInt32, keys: SessionKeys, counter: UInt32? = nil, restarts: Restarts = .refused) {
        self.address = address
        self.keys = keys
        self.counter = counter
        self.restarts = restarts
    }

    /// Checks and decrypts a frame of this device. Throws `mic_mismatch` or `replayed_counter`; nothing changes then.
    public mutating func accept(_ phy: PHYPayload) throws(LoRaError) -> Accepted {
        guard case .data(let frame) = phy.content, frame.isUplink, frame.address == address else {
            throw LoRaError(.unknownDevice)
        }
        let (full, hasRestarted) = try fullCounter(of: frame, phy)
        counter = full
        lastMIC = phy.mic
        return Accepted(
            counter: full, port: frame.port, payload: keys.crypt(frame, counter: full), hasRestarted: hasRestarted)
    }

    /// Whether this is the frame accepted last: heard by a gateway that was slow, or sent again by the device.
    public func isRepetition(_ phy: PHYPayload) -> Bool {
        guard case .data(let frame) = phy.content, let counter else { return false }
        return UInt16(truncatingIfNeeded: counter) == frame.counter && phy.mic == lastMIC
    }

    private func fullCounter(of frame: DataFrame, _ phy: PHYPayload) throws(LoRaError) -> (UInt32, Bool) {
        let low = UInt32(frame.counter)
        guard let counter else {
            for high in 0..<Self.highHalvesMax where isSigned(phy, frame, high << 16 | low) {
                return (high << 16 | low, false)
            }
            throw LoRaError(.micMismatch)
        }
        let same = counter & 0xFFFF_0000 | low
        for step in 0..<Self.highHalvesMax {
            let (ahead, isBeyond) = same.addingReportingOverflow(step << 16)
            // Behind the last counter there is none.
            if isBeyond { break }
            if ahead > counter, isSigned(phy, frame, ahead) { return (ahead, false) }
        }
        if same <= counter, isSigned(phy, frame, same) {
            if restarts == .accepted, same < counter { return (same, true) }
            throw LoRaError(.replayedCounter)
        }
        if restarts == .accepted, low != same, isSigned(phy, frame, low) { return (low, true) }
        throw LoRaError(.micMismatch)
    }

    private func isSigned(_ phy: PHYPayload, _ frame: DataFrame, _ counter: UInt32) -> Bool {
        keys.mic(of: phy.message, frame, counter: counter) == phy.mic
    }
}
