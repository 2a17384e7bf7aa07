public import GatewayModel

/// What became of the rows of an imported file.
public struct ImportReceipt: Sendable, Equatable {
    /// Who the rows are of.
    public var device: DeviceID
    /// Rows that the file holds.
    public var rows: Int
    public var stored = 0
    /// Rows that were there already.
    public var duplicates = 0
    /// Rows without a sensor or without a value.
    public var unusable = 0
    /// Where the file was cut off, in bytes; nil if it is whole.
    public var cutAt: Int?

    public init(device: DeviceID, rows: Int, cutAt: Int?) {
        self.device = device
        self.rows = rows
        self.cutAt = cutAt
    }
}
