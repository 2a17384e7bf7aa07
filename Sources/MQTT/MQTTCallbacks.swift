internal import CMosquitto
internal import Glibc

/// The C functions libmosquitto calls; the user data is the connection, which outlives its client.
enum MQTTCallbacks {
    static func install(on client: OpaquePointer) {
        mosquitto_connect_v5_callback_set(client) { client, context, code, flags, _ in
            // The library formats a line for every packet as long as somebody listens.
            mosquitto_log_callback_set(client, nil)
            guard let connection = MQTTCallbacks.connection(context) else { return }
            if code == 0 {
                connection.events.append(.connected(resumed: flags & 1 == 1))
            } else {
                connection.parting = .refused(MQTTReason(rawValue: code))
            }
        }
        mosquitto_disconnect_v5_callback_set(client) { _, context, code, _ in
            // Below 128 it is an error of the library, which the failing call returns too.
            guard let connection = MQTTCallbacks.connection(context), connection.parting == nil, code >= 128 else {
                return
            }
            connection.parting = .disconnected(MQTTReason(rawValue: code))
        }
        mosquitto_message_callback_set(client) { _, context, message in
            guard let connection = MQTTCallbacks.connection(context), let message = message?.pointee,
                let topic = message.topic
            else {
                return
            }
            let length = strlen(topic)
            topic.withMemoryRebound(to: UInt8.self, capacity: length) { bytes in
                connection.receiver(
                    MQTTMessage(
                        topic: UnsafeBufferPointer(start: bytes, count: length),
                        payload: UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen)),
                        qos: UInt8(truncatingIfNeeded: message.qos), retained: message.retain))
            }
        }
        mosquitto_subscribe_v5_callback_set(client) { _, context, id, count, granted, _ in
            let reasons = UnsafeBufferPointer(start: granted, count: Int(count)).map { MQTTReason(rawValue: $0) }
            MQTTCallbacks.connection(context)?.events.append(.subscribed(id: id, reasons))
        }
        mosquitto_publish_v5_callback_set(client) { _, context, id, reason, _ in
            MQTTCallbacks.connection(context)?.events.append(.published(id: id, MQTTReason(rawValue: reason)))
        }
    }

    /// Keeps what OpenSSL says about a handshake: the library itself only tells that there was an error.
    static func listenForComplaints(on client: OpaquePointer) {
        mosquitto_log_callback_set(client) { _, context, _, line in
            let text = line.map { String(cString: $0) } ?? ""
            // `OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed`
            guard text.hasPrefix("OpenSSL Error"), let reason = text.split(separator: ":").last else { return }
            MQTTCallbacks.connection(context)?.complaint = String(reason)
        }
    }

    private static func connection(_ context: UnsafeMutableRawPointer?) -> MQTTConnection? {
        context.map { Unmanaged<MQTTConnection>.fromOpaque($0).takeUnretainedValue() }
    }
}
