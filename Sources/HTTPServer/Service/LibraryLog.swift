internal import CWebSockets
internal import Synchronization

/// libwebsockets has one log for the whole process. Only errors are let through, to whoever asked for them last.
enum LibraryLog {
    private struct State {
        var sink: (@Sendable (String) -> Void)?
        var lastLine = ""
    }

    private static let state = Mutex(State())

    static func start(_ sink: (@Sendable (String) -> Void)?) {
        state.withLock {
            // A server without a sink of its own leaves the log to the others.
            if sink != nil { $0.sink = sink }
            $0.lastLine = ""
        }
        lws_set_log_level(cws_log_errors()) { _, line in
            guard let line else { return }
            LibraryLog.note(String(cString: line))
        }
    }

    /// The latest error, for errors of our own.
    static var lastLine: String { state.withLock { $0.lastLine } }

    private static func note(_ text: String) {
        var text = text
        while text.last?.isWhitespace == true { text.removeLast() }
        let sink = state.withLock { state in
            state.lastLine = text
            return state.sink
        }
        sink?(text)
    }
}
