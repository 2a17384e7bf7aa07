import CMosquitto
import Glibc

/// The peer of the intake benchmark: a libmosquitto subscriber that acknowledges at once and only counts.
enum CountingSubscriber {
    /// Prints `ready` when subscribed and returns 0 when `count` messages have come.
    static func run(port: Int, count: Int) -> Int32 {
        mosquitto_lib_init()
        guard let client = mosquitto_new("counter", true, nil) else { return 1 }
        let left = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        left.pointee = count
        mosquitto_user_data_set(client, left)
        cmosquitto_use_mqtt5(client)
        cmosquitto_receive_maximum(client, 1_000)
        mosquitto_message_callback_set(client) { _, context, _ in
            context?.assumingMemoryBound(to: Int.self).pointee -= 1
        }
        mosquitto_subscribe_callback_set(client) { _, _, _, _, _ in BenchProgram.write("ready") }
        mosquitto_connect_callback_set(client) { client, _, _ in
            _ = mosquitto_subscribe(client, nil, "mycobrain/+/telemetry", 1)
        }
        guard mosquitto_connect(client, "127.0.0.1", Int32(port), 60) == 0 else { return 1 }
        while left.pointee > 0 {
            guard mosquitto_loop(client, 100, 1) == 0 else { return 1 }
        }
        // The last acknowledgements leave with the next loop.
        _ = mosquitto_loop(client, 0, 1)
        return 0
    }
}
