import Glibc
import Synchronization

/// A RAK3172 on a pseudo terminal: answers the AT commands of RUI3 and prints the packets that it is told to hear.
public final class SimulatedModem: Sendable {
    private struct State: ~Copyable {
        var commands: [String] = []
        var packetsPrinted = 0
        var isReceiving = false
        /// Printed between a command and its answer, once.
        var interjection: String?
        var refusesKilohertz = false
        var isSilent = false
        var isStopped = false
        var thread: pthread_t?
    }

    /// The cable; the gateway opens `cable.path`.
    public let cable: PtyPair
    private let state = Mutex(State())

    /// Plugs it in and starts it. `refusesKilohertz`: firmware that takes the bandwidth as an index.
    public init(refusesKilohertz: Bool = false) throws {
        cable = try PtyPair(gatewayEnd: .free)
        state.withLock { $0.refusesKilohertz = refusesKilohertz }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(&thread, nil, Self.enter, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw FileError(operation: "pthread_create", path: "modem", code: result)
        }
        state.withLock { $0.thread = thread }
    }

    private static let enter: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        guard let context else { return nil }
        Unmanaged<SimulatedModem>.fromOpaque(context).takeRetainedValue().work()
        return nil
    }

    /// The commands that came, in their order.
    public var commands: [String] { state.withLock { $0.commands } }
    /// Whether it has been set up to receive.
    public var isReceiving: Bool { state.withLock { $0.isReceiving } && cable.isListened }
    /// Packets printed while somebody listened.
    public var packetsPrinted: Int { state.withLock { $0.packetsPrinted } }

    /// Prints a packet, if it receives and somebody listens; whether it did.
    @discardableResult
    public func hear(_ payload: [UInt8], rssi: Int = -57, snr: Int = 9) -> Bool {
        guard isReceiving else { return false }
        let digits = payload.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
        say("+EVT:RXP2P:\(rssi):\(snr):\(digits)")
        state.withLock { $0.packetsPrinted += 1 }
        return true
    }

    /// Prints a line of its own between the next command and its answer.
    public func interject(_ line: String) { state.withLock { $0.interjection = line } }

    /// Forgets its settings and prints the banner of a start.
    public func restart() {
        state.withLock { $0.isReceiving = false }
        say(
            "RAKwireless RAK3172-E\r\n------------------------------------------------------\r\nCurrent Work Mode: LoRa P2P."
        )
    }

    /// Stops answering, or answers again.
    public func setSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

    /// Pulls it out.
    public func stop() {
        state.withLock { $0.isStopped = true }
        if let thread = state.withLock({ $0.thread.take() }) { pthread_join(thread, nil) }
    }

    private func say(_ line: String) { cable.send(Array("\r\n\(line)\r\n".utf8)) }

    private func work() {
        var line: [UInt8] = []
        while !state.withLock({ $0.isStopped }) {
            for byte in cable.receive(within: .milliseconds(50)) {
                if byte == 0x0A {
                    answer(String(decoding: line.filter { $0 > 0x20 }, as: UTF8.self))
                    line.removeAll()
                } else {
                    line.append(byte)
                }
            }
            // Closed by the gateway, the cable gives nothing and does not wait.
            if !cable.isListened { usleep(5_000) }
        }
    }

    private func answer(_ command: String) {
        let (interjection, isSilent, refuses) = state.withLock { state in
            state.commands.append(command)
            defer { state.interjection = nil }
            return (state.interjection, state.isSilent, state.refusesKilohertz)
        }
        if isSilent { return }
        if let interjection { say(interjection) }
        if command.hasPrefix("AT+P2P="), refuses, command.contains(":125:") { return say("AT_PARAM_ERROR") }
        if command.hasPrefix("AT+PRECV=") { state.withLock { $0.isReceiving = command == "AT+PRECV=65533" } }
        if command.hasPrefix("AT+PSEND=") {
            let digits = command.dropFirst(9)
            guard digits.count % 2 == 0, digits.allSatisfy(\.isHexDigit) else { return say("AT_PARAM_ERROR") }
            say("OK")
            return say("+EVT:TXP2P DONE")
        }
        say(command.hasPrefix("AT") ? "OK" : "AT_ERROR")
    }
}
