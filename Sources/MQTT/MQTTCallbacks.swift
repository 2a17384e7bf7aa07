internal import CMosquitto
internal import Glibc

/// The C functions libmosquitto calls; the user data is the connection, which outlives its client.
enum MQTTCallbacks {
    static func install(on client: OpaquePointer) {
        mosquitto_connect_v5_callback_set(client) { client, context, code, flags, _ in
            guard let client, let connection = MQTTCallbacks.connection(context) else { return }
            // The library formats a line for every packet as long as somebody listens.
            mosquitto_log_callback_set(client, nil)
            if code == 0 {
                let isResumed = flags & 1 == 1
                if isResumed { MQTTCallbacks.listenForRedeliveries(on: client, connection) }
                connection.events.append(.connected(resumed: isResumed))
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
        mosquitto_message_callback_set(client) { client, context, message in
            guard let client, let connection = MQTTCallbacks.connection(context), let message = message?.pointee,
                let topic = message.topic
            else {
                return
            }
            let length = strlen(topic)
            let isRedelivered = connection.redelivery.take(qos: message.qos)
            if connection.redelivery.hasJustEnded { mosquitto_log_callback_set(client, nil) }
            topic.withMemoryRebound(to: UInt8.self, capacity: length) { bytes in
                connection.receiver(
                    MQTTMessage(
                        topic: UnsafeBufferPointer(start: bytes, count: length),
                        payload: UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen)),
                        qos: UInt8(truncatingIfNeeded: message.qos), retained: message.retain,
                        isRedelivered: isRedelivered))
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

    /// Keeps the DUP flag of each message that is about to be handed over: the library shows it in its log alone.
    private static func listenForRedeliveries(on client: OpaquePointer, _ connection: MQTTConnection) {
        connection.redelivery.begin()
        mosquitto_log_callback_set(client) { _, context, _, line in
            guard let line else { return }
            MQTTCallbacks.connection(context)?.redelivery.hear(line)
        }
    }

    private static func connection(_ context: UnsafeMutableRawPointer?) -> MQTTConnection? {
        context.map { Unmanaged<MQTTConnection>.fromOpaque($0).takeUnretainedValue() }
    }
}
