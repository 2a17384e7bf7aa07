public import GatewayModel

extension DeviceCommand.State {
    /// Whether a command may go from this state to `next`: forward only, and never out of a final state.
    public func allows(_ next: DeviceCommand.State) -> Bool {
        switch (self, next) {
        case (.queued, .sent), (.queued, .acknowledged), (.queued, .refused), (.queued, .expired): true
        case (.sent, .acknowledged), (.sent, .refused), (.sent, .expired): true
        default: false
        }
    }
}
