import CLinux
import CMosquitto
import Glibc
import Synchronization

/// A device that publishes with QoS 1 as fast as it may and remembers which messages the broker acknowledged: the ledger
/// outside the system under test. Uses libmosquitto's own thread, not our connection.
public final class LoadPublisher: Sendable {
    private struct State: ~Copyable {
        /// Message number by packet id.
        var numbers = [Int](repeating: -1, count: 65_536)
        var acknowledged: [Int] = []
        var underWay = 0
        var isConnected = false
    }

    private let state = Mutex(State())
    // libmosquitto clients are thread-safe while their own loop thread runs.
    private nonisolated(unsafe) let client: OpaquePointer
    private let underWayMax: Int

    /// Connects to a broker on 127.0.0.1.
    public init(port: Int, clientID: String, underWayMax: Int = 500) throws(FileError) {
        mosquitto_lib_init()
        guard let client = mosquitto_new(clientID, true, nil) else { throw .last("mosquitto_new", clientID) }
        self.client = client
        self.underWayMax = underWayMax
        mosquitto_user_data_set(client, Unmanaged.passUnretained(self).toOpaque())
        cmosquitto_use_mqtt5(client)
        cmosquitto_no_delay(client)
        mosquitto_max_inflight_messages_set(client, UInt32(underWayMax))
        mosquitto_connect_callback_set(client) { _, context, code in
            LoadPublisher.from(context)?.state.withLock { $0.isConnected = code == 0 }
        }
        mosquitto_publish_callback_set(client) { _, context, id in
            LoadPublisher.from(context)?.acknowledge(Int(id))
        }
        guard mosquitto_connect(client, "127.0.0.1", Int32(port), 60) == 0, mosquitto_loop_start(client) == 0,
            Eventually.holds({ state.withLock { $0.isConnected } })
        else { throw FileError(operation: "connect to the broker", path: "127.0.0.1:\(port)", code: ECONNREFUSED) }
    }

    deinit {
        mosquitto_disconnect(client)
        mosquitto_loop_stop(client, true)
        mosquitto_destroy(client)
    }

    /// Publishes messages by number; waits while `underWayMax` are not acknowledged.
    ///
    /// - Parameter interval: nanoseconds between two messages; 0 for as fast as possible.
    public func publish(
        _ numbers: Range<Int>, interval: UInt64 = 0, _ message: (Int) -> (topic: String, payload: [UInt8])
    ) {
        var due = Self.nanoseconds()
        for number in numbers {
            if interval > 0 {
                due += interval
                let now = Self.nanoseconds()
                if due > now { usleep(UInt32((due - now) / 1_000)) }
            }
            while state.withLock({ $0.underWay >= underWayMax }) { usleep(200) }
            let (topic, payload) = message(number)
            state.withLock { state in
                var id: Int32 = 0
                // Held over the call: the acknowledgement must not come before the number is known.
                guard mosquitto_publish(client, &id, topic, Int32(payload.count), payload, 1, false) == 0 else {
                    return
                }
                state.numbers[Int(id)] = number
                state.underWay += 1
            }
        }
    }

    /// Waits until everything published is acknowledged; whether it was.
    public func settle(within limit: Duration = .seconds(30)) -> Bool {
        Eventually.holds(within: limit) { state.withLock { $0.underWay == 0 } }
    }

    /// The numbers of the messages that the broker has acknowledged.
    public var acknowledged: [Int] { state.withLock { $0.acknowledged } }

    private func acknowledge(_ id: Int) {
        state.withLock { state in
            guard state.numbers.indices.contains(id), state.numbers[id] >= 0 else { return }
            state.acknowledged.append(state.numbers[id])
            state.numbers[id] = -1
            state.underWay -= 1
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> LoadPublisher? {
        context.map { Unmanaged<LoadPublisher>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
