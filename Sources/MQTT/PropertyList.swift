internal import CMosquitto

/// A property list in libmosquitto's form. Exists for one call.
struct PropertyList: ~Copyable {
    private(set) var pointer: OpaquePointer?
    private var failure: Int32 = 0

    init() {}

    deinit {
        var pointer = pointer
        mosquitto_property_free_all(&pointer)
    }

    /// MOSQ_ERR_SUCCESS or the first error of an `add`.
    var result: Int32 { failure }

    mutating func add(_ identifier: Int32, number: UInt32) {
        note(mosquitto_property_add_int32(&pointer, identifier, number))
    }

    mutating func add(_ identifier: Int32, short number: UInt16) {
        note(mosquitto_property_add_int16(&pointer, identifier, number))
    }

    mutating func add(_ identifier: Int32, text: String?) {
        guard let text else { return }
        note(mosquitto_property_add_string(&pointer, identifier, text))
    }

    mutating func add(_ identifier: Int32, bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        note(mosquitto_property_add_binary(&pointer, identifier, bytes, UInt16(clamping: bytes.count)))
    }

    mutating func add(_ identifier: Int32, name: String, value: String) {
        note(mosquitto_property_add_string_pair(&pointer, identifier, name, value))
    }

    /// The list now belongs to the library.
    mutating func release() -> OpaquePointer? {
        defer { pointer = nil }
        return pointer
    }

    private mutating func note(_ code: Int32) { if failure == 0 { failure = code } }
}

extension PropertyList {
    init(_ properties: MQTTPublication.Properties) {
        self.init()
        if let expiry = properties.expiry { add(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL.code, number: expiry) }
        add(MQTT_PROP_CONTENT_TYPE.code, text: properties.contentType)
        add(MQTT_PROP_RESPONSE_TOPIC.code, text: properties.responseTopic)
        add(MQTT_PROP_CORRELATION_DATA.code, bytes: properties.correlation)
        for (name, value) in properties.user { add(MQTT_PROP_USER_PROPERTY.code, name: name, value: value) }
    }

    /// Those of CONNECT. Without a session expiry an MQTT 5 session dies with its connection.
    init(_ configuration: MQTTConfiguration) {
        self.init()
        add(MQTT_PROP_SESSION_EXPIRY_INTERVAL.code, number: configuration.sessionExpiry)
        add(MQTT_PROP_RECEIVE_MAXIMUM.code, short: configuration.receiveMaximum)
        add(MQTT_PROP_MAXIMUM_PACKET_SIZE.code, number: configuration.maximumPacketSize)
    }
}

extension mqtt5_property {
    fileprivate var code: Int32 { Int32(rawValue) }
}
