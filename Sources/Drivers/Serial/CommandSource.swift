public import Fleet
public import GatewayModel

/// Where a driver gets the commands for its devices from and tells how they fared.
public struct CommandSource: Sendable {
    /// The commands that wait to be sent to a device: an estop first, then oldest first.
    public var waiting: @Sendable (DeviceID) -> [DeviceCommand]
    /// Moves a command on; false if it has ended meanwhile and must not be sent.
    public var report: @Sendable (_ id: String, DeviceCommand.State, _ result: String?) -> Bool

    public init(
        waiting: @escaping @Sendable (DeviceID) -> [DeviceCommand],
        report: @escaping @Sendable (_ id: String, DeviceCommand.State, _ result: String?) -> Bool
    ) {
        self.waiting = waiting
        self.report = report
    }

    /// The durable queue of the gateway. `onError` is told when `state.db` cannot be read or written: the command stays
    /// where it is then.
    public init(queue: CommandQueue, clock: any Clock, onError: @escaping @Sendable (any Error) -> Void) {
        self.init(
            waiting: { device in
                do {
                    return try queue.waiting(for: device, now: clock.now())
                } catch {
                    onError(error)
                    return []
                }
            },
            report: { id, state, result in
                do {
                    return try queue.report(id, state, result: result)
                } catch {
                    onError(error)
                    return false
                }
            })
    }

    /// A gateway without downlink.
    public static let none = CommandSource(waiting: { _ in [] }, report: { _, _, _ in false })
}
