/// What a board has to say, in the order in which it says it.
public struct BoardOutput: Sendable, Equatable {
    /// What the bytes are, for the ledger.
    public enum Kind: Sendable, Equatable {
        /// Lines and frames that carry no reading: boot text, HELLO, answers, events.
        case talk
        /// A telemetry message with the firmware's own sequence number; nil where the firmware sends none.
        case telemetry(seq: UInt32?)
        /// A telemetry message that the firmware numbered and then never wrote, as a full transmit buffer does.
        case dropped(seq: UInt32?)
        /// A telemetry message written with a flipped bit.
        case corrupted(seq: UInt32?)
    }

    /// What the bytes are, and the bytes.
    public var kind: Kind
    public var bytes: [UInt8]

    /// Bytes of a kind.
    public init(_ kind: Kind, _ bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }
}

/// The firmware of a simulated board: bytes in, bytes out, no clock of its own.
public protocol BoardFirmware: Sendable {
    /// Starts or restarts the board: counters begin again.
    mutating func boot() -> [BoardOutput]

    /// The host's end of the cable is set to this many bits a second: told before anything that the host sent.
    mutating func line(baud: Int)

    /// Takes what the host sent, in any pieces.
    mutating func receive(_ bytes: [UInt8], uptime: Duration) -> [BoardOutput]

    /// Takes a measurement and reports it.
    mutating func measure(uptime: Duration) -> [BoardOutput]

    /// How often it measures by itself.
    var interval: Duration { get }
}

extension BoardFirmware {
    /// Most boards hang on USB, where speeds mean nothing.
    public mutating func line(baud: Int) {}
}
