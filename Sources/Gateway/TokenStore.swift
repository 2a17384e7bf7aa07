public import ControlAPI
import EventLoop
import FieldProtocols
public import GatewayModel
import Journal

/// The tokens of a data folder, for the command line.
public enum TokenStore {
    /// Opens `state.db` (made if it is missing) without a daemon; one that runs sees what is changed.
    public static func open(dataDirectory: String) throws -> AccessTokens {
        let state = try Store.openState(dataDirectory)
        let clock = SystemClock()
        let memory = try Journal.clockMemory(state, boot: try BootID.current())
        clock.remember(floor: memory.floor, offset: memory.offset)
        return AccessTokens(state: state, clock: clock)
    }

    /// A time for people; `-` for none.
    public static func time(_ timestamp: Timestamp?) -> String {
        timestamp.map { RFC3339.text($0.milliseconds) } ?? "-"
    }
}
