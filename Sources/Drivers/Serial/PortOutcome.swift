import FieldProtocols
import Fleet
import GatewayModel

/// What a device's bytes, a command or the time ask of the driver.
enum PortOutcome {
    case write([UInt8])
    /// The device goes on at this many bits a second, and has nothing under way.
    case setBaud(Int)
    /// The device is to be told that what it sent is kept: `receipts` are asked for after the commit.
    case receiptDue
    /// The device told what it is.
    case hello(HelloFields)
    /// What the device speaks has become known: commands can be put into its words.
    case understood
    /// Something was learned about another device behind this port.
    case sighted(Sighting)
    /// Bytes that should have been a message, or a message with nothing usable; `code` is the reason's stable name.
    case damaged(code: String, byteCount: Int)
    /// A durable command is over.
    case command(id: String, DeviceCommand.State, result: String)
}
