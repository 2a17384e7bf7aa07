import CLinux
import CModbus
import EventLoop
import FieldProtocols
import GatewayModel
import Glibc

/// The TCP server's thread: libmodbus receives, and sends what the slaves say.
final class ModbusServerLoop: @unchecked Sendable {
    // One thread, which it is handed to when it is made, uses it.
    private let context: OpaquePointer
    private let listener: Int32
    private let state: Monitor<ModbusStandIn.State>
    private var clients: [Int32] = []

    init(context: OpaquePointer, listener: Int32, state: Monitor<ModbusStandIn.State>) {
        self.context = context
        self.listener = listener
        self.state = state
    }

    deinit { modbus_free(context) }

    func turn() -> Bool {
        guard !state.withLock({ $0.isClosed }) else {
            for client in clients + [listener] { close(client) }
            return false
        }
        var entries = ([listener] + clients).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&entries, nfds_t(entries.count), 20) > 0 else { return true }
        for entry in entries.dropFirst() where entry.revents != 0 { serve(entry.fd) }
        if entries[0].revents != 0 { clients.append(accept(listener, nil, nil)) }
        return true
    }

    private func serve(_ client: Int32) {
        modbus_set_socket(context, client)
        var request = [UInt8](repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
        let count = modbus_receive(context, &request)
        guard count > 7 else {
            if count < 0 {
                close(client)
                clients.removeAll { $0 == client }
            }
            return
        }
        let unit = request[6]
        // What is no request gets no answer.
        let pdu = request[7..<Int(count)].withUnsafeBytes { try? ModbusPDU($0, from: .request) }
        if case .readRequest(_, let start, _) = pdu, state.withLock({ $0.hangsUpAt }) == start {
            close(client)
            clients.removeAll { $0 == client }
            return
        }
        guard let pdu, let answer = state.withLock({ $0.answer(unit, pdu) }) else { return }
        var bytes = Array(request[..<4]) + [0, UInt8(answer.count + 1), unit] + answer
        let (garble, hangsUp) = state.withLock { ($0.garble, $0.hangsUpAlways) }
        if let garble { bytes = garble(bytes) }
        _ = bytes.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if hangsUp {
            close(client)
            clients.removeAll { $0 == client }
        }
    }
}

/// Slaves on one serial bus: what they hear is cut into requests by our own codec, since libmodbus serves one unit only.
struct SerialSlaves {
    let pair: PtyPair
    let state: Monitor<ModbusStandIn.State>
    private var pending: [UInt8] = []
    /// An answer that comes late.
    private var kept: (bytes: [UInt8], milliseconds: Int64)?

    init(pair: PtyPair, state: Monitor<ModbusStandIn.State>) {
        self.pair = pair
        self.state = state
    }

    mutating func turn() -> Bool {
        guard !state.withLock({ $0.isClosed }) else { return false }
        let heard = pair.receive(within: .milliseconds(20))
        if let kept, kept.milliseconds <= SystemClock().now().monotonicMilliseconds { sendKept() }
        guard !heard.isEmpty else { return true }
        pending += heard
        while pending.count >= 8 {
            var capture = ModbusCapture()
            let step = pending.withUnsafeBytes { capture.nextRTU($0) }
            guard case .success(let frame) = step.frame else {
                if pending.count > 256 { pending.removeAll() }
                return true
            }
            pending.removeFirst(step.byteCount)
            answer(frame)
        }
        return true
    }

    private mutating func sendKept() {
        if let kept { pair.send(kept.bytes) }
        kept = nil
    }

    private mutating func answer(_ frame: ModbusFrame) {
        sendKept()
        var lateness: Int64?
        let said = state.withLock { state -> [UInt8]? in
            guard let pdu = state.answer(frame.unit, frame.pdu) else { return nil }
            var bytes = ModbusCRC.appended(to: [frame.unit] + pdu)
            if state.damaged > 0 {
                state.damaged -= 1
                bytes[bytes.count - 1] ^= 0x55
            }
            if let late = state.late, late.unit == frame.unit {
                state.late = nil
                lateness = late.milliseconds
            }
            return bytes
        }
        guard let said else { return }
        if let lateness {
            kept = (said, SystemClock().now().monotonicMilliseconds + lateness)
        } else {
            pair.send(said)
        }
    }
}
