internal import CWebSockets
internal import Synchronization

/// How tasks reach the service thread: they leave the number of a connection that has something to send, and ring.
final class Doorbell: Sendable {
    private struct State {
        /// The libwebsockets context while it lives, as bits because pointers are not Sendable.
        var context = UInt(0)
        var waiting: [UInt64] = []
        var mustStop = false
    }

    private let state = Mutex(State())

    /// From here until `detach()` rings wake the service thread.
    func attach(_ context: OpaquePointer) {
        let bits = UInt(bitPattern: context)
        state.withLock { $0.context = bits }
    }

    /// After this no call of libwebsockets comes from here.
    func detach() { state.withLock { $0.context = 0 } }

    /// Asks the service thread to look at this connection. Costs a system call only if it was not asked before.
    func ring(_ connection: UInt64) {
        state.withLock { state in
            guard state.context != 0 else { return }
            state.waiting.append(connection)
            if state.waiting.count == 1 { Self.wake(state.context) }
        }
    }

    func requestStop() {
        state.withLock { state in
            state.mustStop = true
            if state.context != 0 { Self.wake(state.context) }
        }
    }

    var mustStop: Bool { state.withLock { $0.mustStop } }

    /// The connections that rang since the last call.
    func takeWaiting() -> [UInt64] {
        state.withLock { state in
            let waiting = state.waiting
            state.waiting = []
            return waiting
        }
    }

    private static func wake(_ context: UInt) {
        if let context = OpaquePointer(bitPattern: context) { lws_cancel_service(context) }
    }
}
