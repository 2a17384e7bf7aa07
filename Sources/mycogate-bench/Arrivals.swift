import CMosquitto
import GatewayTestKit
import Glibc
import HTTPClient
import JSONText
import Synchronization

/// When the message of each number came first, in seconds of the monotonic clock.
final class Arrivals: Sendable {
    private let state: Mutex<(times: [Double], count: Int)>

    init(count: Int) { state = Mutex(([Double](repeating: 0, count: count), 0)) }

    var count: Int { state.withLock { $0.count } }
    var times: [Double] { state.withLock { $0.times } }

    /// `id` ends in the number; anything else is no concern of the measurement.
    func note(_ id: String?, at now: Double) {
        guard let number = (id?.suffix(12)).flatMap({ Int($0) }) else { return }
        state.withLock { state in
            guard state.times.indices.contains(number), state.times[number] == 0 else { return }
            state.times[number] = now
            state.count += 1
        }
    }
}

/// Listens to a topic with a client that sends nothing.
final class Listener: Sendable {
    let arrivals: Arrivals
    // Used by its own loop thread after the start.
    private nonisolated(unsafe) let client: OpaquePointer
    private let messageID: @Sendable (JSON) -> String?

    init(port: Int, topic: String, count: Int, messageID: @escaping @Sendable (JSON) -> String?) throws {
        self.messageID = messageID
        arrivals = Arrivals(count: count)
        mosquitto_lib_init()
        guard let client = mosquitto_new(nil, true, nil) else { throw BenchError("no client") }
        self.client = client
        mosquitto_user_data_set(client, Unmanaged.passUnretained(self).toOpaque())
        mosquitto_message_callback_set(client) { _, context, message in
            let now = Measure.seconds()
            guard let context, let message = message?.pointee else { return }
            let bytes = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
            let listener = Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue()
            // Anything that is not of ours is no concern of the measurement.
            listener.arrivals.note((try? JSON(parsing: bytes)).flatMap(listener.messageID), at: now)
        }
        guard mosquitto_connect(client, "127.0.0.1", Int32(port), 60) == 0,
            mosquitto_subscribe(client, nil, topic, 0) == 0, mosquitto_loop_start(client) == 0
        else { throw BenchError("the listener cannot connect") }
    }

    deinit {
        mosquitto_loop_stop(client, true)
        mosquitto_destroy(client)
    }
}

/// Pulls readings as they become durable, on a thread of its own.
final class WaitingPuller: Sendable {
    let arrivals: Arrivals
    private let url: String
    private let thread = Mutex(pthread_t())
    private let isStopped = Atomic(false)

    init(url: String, count: Int) throws {
        self.url = url
        arrivals = Arrivals(count: count)
        var made = pthread_t()
        let context = Unmanaged.passUnretained(self).toOpaque()
        let code = pthread_create(
            &made, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<WaitingPuller>.fromOpaque(context).takeUnretainedValue().run()
                return nil
            }, context)
        guard code == 0 else { throw BenchError("the puller's thread cannot start") }
        thread.withLock { $0 = made }
    }

    deinit {
        isStopped.store(true, ordering: .relaxed)
        pthread_join(thread.withLock { $0 }, nil)
    }

    private func run() {
        // A puller that cannot ask notes nothing, and the measurement says what is missing.
        guard let client = try? HTTPClient() else { return }
        var after = "0"
        while !isStopped.load(ordering: .relaxed) {
            let request = ClientRequest(.get, url + "/api/v1/sync/readings?limit=1000&wait=1&after=" + after)
            // As above.
            guard let page = try? client.send(request), let next = page.header("Mycogate-Next") else { return }
            let now = Measure.seconds()
            for line in page.body.split(separator: 0x0A) {
                // A line that cannot be read is none of ours.
                arrivals.note((try? JSON(parsing: Array(line)))?["msg_id"]?.string, at: now)
            }
            after = next
        }
    }
}
