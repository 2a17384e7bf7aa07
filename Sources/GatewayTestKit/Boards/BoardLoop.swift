import EventLoop
import GatewayModel
import Glibc
import Synchronization

/// The thread of a simulated board: waits for its cable and its next measurement.
final class BoardLoop: Sendable {
    private struct State: Sendable {
        var firmware: any BoardFirmware
        var ledger = BoardLedger()
        var bootedAt: Int64
        /// Nil while it measures on demand only.
        var nextMeasurement: Int64?
        /// The port was open at the last look.
        var wasListened = false
    }

    private let cable: PtyPair
    private let state: Mutex<State>
    private let stopFlag: StopFlag
    private let clock = SystemClock()

    init(_ firmware: any BoardFirmware, cable: PtyPair) throws {
        self.cable = cable
        stopFlag = try StopFlag()
        state = Mutex(State(firmware: firmware, bootedAt: clock.now().monotonicMilliseconds))
    }

    var ledger: BoardLedger { state.withLock { $0.ledger } }
    var firmware: any BoardFirmware { state.withLock { $0.firmware } }
    private var now: Int64 { clock.now().monotonicMilliseconds }

    func restart() {
        state.withLock { state in
            state.ledger.begin()
            state.bootedAt = now
            send(state.firmware.boot(), &state)
        }
    }

    func measure() {
        state.withLock { state in
            send(state.firmware.measure(uptime: .milliseconds(now - state.bootedAt)), &state)
        }
    }

    func setMeasuring(_ measures: Bool) {
        state.withLock { $0.nextMeasurement = measures ? now + $0.firmware.interval.milliseconds : nil }
        stopFlag.wakeup.wake()
    }

    func stop() { stopFlag.set() }

    func launch() throws -> pthread_t {
        let context = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let enter: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            guard let context else { return nil }
            Unmanaged<BoardLoop>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }
        let code = pthread_create(&thread, nil, enter, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw FileError(operation: "start a thread", path: "board", code: code)
        }
        return thread
    }

    private func run() {
        while !stopFlag.isSet {
            let isListened = noticeListener()
            let due = state.withLock { $0.nextMeasurement }.map { max(0, $0 - now) }
            // Whether the port is open cannot be waited for: that is looked at every 20 ms.
            wait(isListened: isListened, milliseconds: min(due ?? 20, 20))
            let input = isListened ? cable.receive(within: .zero) : []
            act(on: input)
        }
    }

    /// A gateway that has gone takes what it had not read yet with it, as a USB driver does.
    private func noticeListener() -> Bool {
        state.withLock { state in
            let isListened = cable.isListened
            if state.wasListened, !isListened { cable.discardUnread() }
            state.wasListened = isListened
            return isListened
        }
    }

    private func wait(isListened: Bool, milliseconds: Int64) {
        // While the port is closed, poll() would report the hang-up at once and for ever.
        var entries = [
            pollfd(fd: stopFlag.wakeup.fileDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isListened ? cable.boardDescriptor : -1, events: Int16(POLLIN), revents: 0),
        ]
        poll(&entries, 2, Int32(clamping: milliseconds))
        if entries[0].revents != 0 { stopFlag.wakeup.drain() }
    }

    private func act(on input: [UInt8]) {
        state.withLock { state in
            let uptime = Duration.milliseconds(now - state.bootedAt)
            if !input.isEmpty {
                if let baud = cable.baud { state.firmware.line(baud: baud) }
                send(state.firmware.receive(input, uptime: uptime), &state)
            }
            guard let due = state.nextMeasurement, due <= now else { return }
            state.nextMeasurement = max(due + state.firmware.interval.milliseconds, now)
            send(state.firmware.measure(uptime: uptime), &state)
        }
    }

    private func send(_ output: [BoardOutput], _ state: inout State) {
        for piece in output {
            let isHeard = cable.isListened
            var kind = piece.kind
            // A piece that the terminal's buffer takes in part only is damaged for whoever reads it.
            if isHeard, cable.send(piece.bytes, within: .milliseconds(500)) < piece.bytes.count,
                case .telemetry(let seq) = kind
            {
                kind = .corrupted(seq: seq)
            }
            state.ledger.record(kind, isHeard: isHeard)
        }
    }
}
