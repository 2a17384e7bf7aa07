import CLinux
public import ControlAPI
import EventLoop
import FieldProtocols
public import GatewayModel
import Glibc
import Journal

/// The tokens of a data folder, for the command line.
public enum TokenStore {
    /// Opens `state.db` (made if it is missing) without a daemon; one that runs sees what is changed.
    ///
    /// What is made here belongs to whom the folder belongs to: root makes tokens before the first start of a daemon that
    /// runs as another user.
    public static func open(dataDirectory: String) throws -> AccessTokens {
        umask(DataDirectory.fileMask)
        let state = try Store.openState(dataDirectory)
        DataDirectory.handOver(dataDirectory)
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
