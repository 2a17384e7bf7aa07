internal import CMosquitto
internal import COpenSSL
internal import GatewayModel

/// Writes a configuration into a libmosquitto client that is not connected yet.
enum ClientSettings {
    static func apply(_ configuration: MQTTConfiguration, to client: OpaquePointer) throws(MQTTError) {
        // Makes `mosquitto_loop_write` the only place that sends: see `MQTTConnection`.
        try check("threaded", mosquitto_threaded_set(client, true))
        try check("MQTT 5", cmosquitto_use_mqtt5(client))
        try check("receive maximum", cmosquitto_receive_maximum(client, Int32(configuration.receiveMaximum)))
        // The default of 20 makes a round trip of every 20 replay acks.
        try check("send maximum", cmosquitto_send_maximum(client, Int32(MQTTOutbox.inFlightMax)))
        try check("no delay", cmosquitto_no_delay(client))
        if configuration.username != nil || configuration.password != nil {
            try check("user name", mosquitto_username_pw_set(client, configuration.username, configuration.password))
        }
        if let tls = configuration.tls { try apply(tls, to: client) }
        if let will = configuration.will { try apply(will, to: client) }
    }

    private static func apply(_ tls: MQTTConfiguration.TLS, to client: OpaquePointer) throws(MQTTError) {
        // libmosquitto insists on an authority file or folder; Debian keeps those of the system in this folder.
        let folder = tls.authorityFile == nil ? "/etc/ssl/certs" : nil
        try check(
            "certificates (\(tls.authorityFile ?? "/etc/ssl/certs"), \(tls.certificateFile ?? "-"), \(tls.keyFile ?? "-"))",
            mosquitto_tls_set(client, tls.authorityFile, folder, tls.certificateFile, tls.keyFile, nil))
        if let name = tls.applicationProtocol { try check("ALPN", cmosquitto_alpn(client, name)) }
        switch tls.time {
        case .system: break
        case .exactly(let seconds): try judge(copenssl_time(seconds: seconds, is_floor: 0), client)
        case .notBefore(let seconds): try judge(copenssl_time(seconds: seconds, is_floor: 1), client)
        }
    }

    /// Hands libmosquitto a context of ours, to which it applies everything else as it does to its own.
    private static func judge(_ time: copenssl_time, _ client: OpaquePointer) throws(MQTTError) {
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw .invalid("OpenSSL has no memory") }
        // The client keeps a reference of its own.
        defer { SSL_CTX_free(context) }
        copenssl_set_time(context, time)
        try check("TLS context", cmosquitto_use_context(client, UnsafeMutableRawPointer(context)))
    }

    private static func apply(_ will: MQTTPublication, to client: OpaquePointer) throws(MQTTError) {
        var properties = PropertyList(will.properties)
        let code = mosquitto_will_set_v5(
            client, will.topic, Int32(clamping: will.payload.count), will.payload, Int32(will.qos.rawValue),
            will.retain,
            properties.pointer)
        try check("will", code)
        // On success the list belongs to the client.
        _ = properties.release()
    }

    private static func check(_ what: String, _ code: Int32) throws(MQTTError) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        throw .invalid("\(what): \(String(cString: mosquitto_strerror(code)))")
    }
}
