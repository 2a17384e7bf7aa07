public import GatewayModel

/// A device whose going is told has gone, or is back.
public struct PresenceTurn: Sendable, Equatable {
    public var device: DeviceID
    public var presence: Device.Presence
    public var at: ReceiveTime
}
