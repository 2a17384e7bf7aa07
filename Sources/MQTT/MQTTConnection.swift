internal import CLinux
internal import CMosquitto
internal import Glibc

/// One connection to a broker, driven by the poll loop of the thread that made it; no other thread may touch it.
///
/// Nothing is ever sent outside `write()`: not publications, not pings, and not the acknowledgements of messages that
/// `read()` handed to the receiver. libmosquitto queues those before it calls back, and with
/// `mosquitto_threaded_set(true)` leaves every write to `mosquitto_loop_write`. Who calls `write()` only after what was
/// read is durable acknowledges nothing that could still be lost. Reconnecting is making another connection.
public final class MQTTConnection {
    /// Called inside `read()` for every message. Must copy what it wants to keep.
    public typealias Receiver = (MQTTMessage) -> Void

    let receiver: Receiver
    /// Since the owner last took them.
    var events: [MQTTEvent] = []
    /// Why the broker refused or ended the connection, if it said so.
    var parting: MQTTError?
    /// What a resumed session repeats.
    var redelivery: Redelivery
    /// What OpenSSL found wrong, until the broker has answered.
    var complaint: String?
    private var client: OpaquePointer?
    private let configuration: MQTTConfiguration

    /// Prepares a client without connecting it. Throws `invalid` for settings libmosquitto does not accept.
    public init(_ configuration: MQTTConfiguration, receiver: @escaping Receiver) throws(MQTTError) {
        guard MQTTLibrary.ready, let client = mosquitto_new(configuration.clientID, configuration.cleanStart, nil)
        else {
            throw .invalid("client id \(configuration.clientID): \(String(cString: strerror(errno)))")
        }
        self.client = client
        self.receiver = receiver
        self.configuration = configuration
        redelivery = Redelivery(clientID: configuration.clientID)
        mosquitto_user_data_set(client, Unmanaged.passUnretained(self).toOpaque())
        MQTTCallbacks.install(on: client)
        if configuration.tls != nil { MQTTCallbacks.listenForComplaints(on: client) }
        try ClientSettings.apply(configuration, to: client)
    }

    deinit { destroyWithoutDisconnect() }

    /// Connects TCP; the broker's answer arrives as the event `connected` after some `write()` and `read()`.
    ///
    /// Blocks for at most `timeout` plus name resolution; ends early when `isCancelled`, which is asked now and then.
    public func connect(
        timeout: Duration = .seconds(10), isCancelled: () -> Bool = { false }
    ) throws(MQTTError) {
        let client = try connected()
        let (host, port) = (configuration.host, configuration.port)
        if !Reachability.isLoopback(host) {
            try Reachability.check(host: host, port: port, timeout: timeout, isCancelled: isCancelled)
        }
        let properties = PropertyList(configuration)
        let code = mosquitto_connect_bind_v5(
            client, host, Int32(port), Int32(configuration.keepAlive), nil, properties.pointer)
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        let error = failure("connect", code)
        if case .connectionLost = error { throw .unreachable("\(host):\(port): \(error.words)") }
        throw error
    }

    /// The socket to poll; -1 while not connected.
    public var fileDescriptor: Int32 { client.map { mosquitto_socket($0) } ?? -1 }

    /// Whether `write()` has something to do.
    public var wantsWrite: Bool { client.map { mosquitto_want_write($0) } ?? false }

    /// Reads at most a few packets that have arrived; messages go to the receiver, the rest to `takeEvents()`.
    ///
    /// Returns without blocking. The owner goes on as long as calls bring something.
    public func read() throws(MQTTError) { try check("read", mosquitto_loop_read(try connected(), 1)) }

    /// Has the kernel acknowledge what was read. A broker that coalesces small packets (mosquitto without
    /// `set_tcp_nodelay`) holds the next message back until then, and our own data may go out only after a commit.
    public func acknowledgeSegments() { clinux_acknowledge_at_once(fileDescriptor) }

    /// Sends everything that is queued, acknowledgements included, as far as the socket takes it.
    public func write() throws(MQTTError) {
        let client = try connected()
        // Acknowledgements are four bytes each and written one by one: the cork makes full segments of them.
        clinux_set_cork(mosquitto_socket(client), 1)
        // Writing may have closed the socket, whose number then is somebody else's.
        defer { clinux_set_cork(mosquitto_socket(client), 0) }
        try check("write", mosquitto_loop_write(client, 1))
    }

    /// Queues a ping when one is due, and notices a broker that is silent. To be called about once a second.
    public func keepAlive() throws(MQTTError) { try check("keep alive", mosquitto_loop_misc(try connected())) }

    /// The events since the last call.
    public func takeEvents() -> [MQTTEvent] {
        guard !events.isEmpty else { return [] }
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    /// Queues a publication; the event `published` with the returned id tells when it is done.
    public func publish(_ publication: MQTTPublication) throws(MQTTError) -> Int32 {
        let client = try connected()
        var id: Int32 = 0
        let properties = PropertyList(publication.properties)
        guard properties.result == 0 else { throw .invalid("a property of the publication to \(publication.topic)") }
        let code = mosquitto_publish_v5(
            client, &id, publication.topic, Int32(clamping: publication.payload.count), publication.payload,
            Int32(publication.qos.rawValue), publication.retain, properties.pointer)
        if code == MOSQ_ERR_OVERSIZE_PACKET.rawValue || code == MOSQ_ERR_PAYLOAD_SIZE.rawValue {
            throw .invalid("\(publication.payload.count) bytes are more than the broker takes")
        }
        try check("publish", code)
        return id
    }

    /// Which retained messages a subscription brings.
    public enum RetainedMessages: Int32, Sendable {
        /// All, with each request.
        case always = 0x00
        /// All if the session did not have the subscription yet, else none.
        case onceForASession = 0x10
    }

    /// Queues one request for all `filters`; the event `subscribed` with the returned id brings a reason for each.
    ///
    /// QoS 2 would lose messages: the library gives its word for them before it hands them out.
    public func subscribe(
        _ filters: [String], qos: MQTTPublication.QoS = .atLeastOnce, retained: RetainedMessages = .always
    ) throws(MQTTError) -> Int32 {
        let client = try connected()
        for filter in filters where mosquitto_sub_topic_check(filter) != MOSQ_ERR_SUCCESS.rawValue {
            throw .invalid("topic filter \(filter)")
        }
        var pointers = filters.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        var id: Int32 = 0
        try check(
            "subscribe",
            mosquitto_subscribe_multiple(
                client, &id, Int32(pointers.count), &pointers, Int32(qos.rawValue), retained.rawValue, nil))
        return id
    }

    /// Queues a request to end the subscription of `filter`.
    public func unsubscribe(_ filter: String) throws(MQTTError) {
        try check("unsubscribe", mosquitto_unsubscribe(try connected(), nil, filter))
    }

    /// Queues a DISCONNECT: the broker will keep the session, and not publish the will. Takes effect with `write()`.
    public func disconnect() throws(MQTTError) { try check("disconnect", mosquitto_disconnect(try connected())) }

    /// Closes the socket as it is. Queued acknowledgements never leave, the broker publishes the will, keeps the session
    /// and sends everything unacknowledged again. The connection cannot be used afterwards.
    public func destroyWithoutDisconnect() {
        guard let client else { return }
        self.client = nil
        mosquitto_destroy(client)
    }

    private func connected() throws(MQTTError) -> OpaquePointer {
        guard let client else { throw .connectionLost("the connection was destroyed") }
        return client
    }

    private func check(_ call: String, _ code: Int32) throws(MQTTError) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else {
            if let parting { throw parting }
            return
        }
        let error = failure(call, code)
        throw parting ?? error
    }

    private func failure(_ call: String, _ code: Int32) -> MQTTError {
        let error = MQTTError.library(call, code)
        guard code == MOSQ_ERR_TLS.rawValue else { return error }
        return .tls("\(configuration.host):\(configuration.port): TLS: \(complaint ?? error.words)")
    }
}
