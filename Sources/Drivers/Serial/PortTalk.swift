import FieldProtocols
import GatewayModel

/// The conversation with what is on one serial port while the port is open: what its bytes mean, what it is asked and
/// answered. It decides; the driver reads, writes and commits. All calls come from one thread.
protocol PortTalk: ~Copyable {
    /// The device on the port: readings without another origin are its own.
    var device: DeviceName { get }
    /// What has passed since the conversation began.
    var counters: PortCounters { get }
    /// What the device turned out to speak, as `ports` shows it; nil while unknown, or if there is only one way.
    var dialect: String? { get }
    /// Whether another command can be submitted now; an estop is submitted regardless.
    var isReady: Bool { get }
    /// When `tick` is wanted next (milliseconds of the monotonic clock); nil if only bytes and commands matter.
    var due: Int64? { get }
    /// Numbers of the device's own count that came without a record and that no record has taken along yet: remembered
    /// over a restart.
    var heard: [ClosedRange<UInt32>] { get }

    /// Whether commands to another device can be sent over this port.
    mutating func reach(of device: DeviceID) -> PortReach

    /// The device is known under another name from now on.
    mutating func rename(_ device: DeviceName)

    /// The port was opened.
    mutating func opened(_ now: ReceiveTime) -> [PortOutcome]

    /// Takes bytes: observations and notes go to `batch`. They may be cut anywhere.
    mutating func received(
        _ bytes: UnsafeRawBufferPointer, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [PortOutcome]

    /// Does whatever is due.
    mutating func tick(_ now: ReceiveTime, into batch: inout ObservationBatch) -> [PortOutcome]

    /// What was received is durable: the bytes that say so.
    mutating func receipts(_ now: ReceiveTime) -> [UInt8]

    /// Sends a command. Its end comes as an outcome, now or later.
    mutating func submit(_ command: DeviceCommand, at now: ReceiveTime) -> [PortOutcome]

    /// The port is lost or lent: nothing will be answered any more. Only ends of commands are heeded.
    mutating func end(reason: String, _ now: ReceiveTime) -> [PortOutcome]
}

extension PortTalk where Self: ~Copyable {
    var dialect: String? { nil }
    var isReady: Bool { true }
    var heard: [ClosedRange<UInt32>] { [] }

    mutating func reach(of device: DeviceID) -> PortReach { .none }
    mutating func receipts(_ now: ReceiveTime) -> [UInt8] { [] }
    mutating func end(reason: String, _ now: ReceiveTime) -> [PortOutcome] { [] }
}

/// How sure it is that a device is behind a port.
enum PortReach: Comparable {
    case none, possible
    /// It was heard there.
    case heard
}

/// What has passed in one conversation.
struct PortCounters: Equatable {
    /// Whole frames and lines.
    var messages: Int64 = 0
    var observations: Int64 = 0
    /// Frames and lines that were damaged or held nothing usable.
    var damaged: Int64 = 0
    /// Lines of text that were not kept.
    var withheldLines: Int64 = 0
    /// Messages that the device numbered and that never arrived.
    var missing: Int64 = 0
    /// Numbers that came again, and numbers that came after later ones.
    var repeated: Int64 = 0
    var late: Int64 = 0
}
