internal import CMosquitto
internal import Glibc

/// What can go wrong between this process and a broker.
public enum MQTTError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The broker's address did not answer, or its name is unknown.
    case unreachable(String)
    /// The broker's certificate, our certificate or the handshake.
    case tls(String)
    /// The broker answered and refused the connection.
    case refused(MQTTReason)
    /// The broker closed the connection and said why.
    case disconnected(MQTTReason)
    /// The connection ended without a word.
    case connectionLost(String)
    /// The broker refused to subscribe to `filter`.
    case subscriptionRefused(filter: String, MQTTReason)
    /// The broker did not answer in time.
    case timedOut(String)
    /// Too much is waiting to be published already.
    case outboxFull
    /// A topic, client id, certificate path or other setting that libmosquitto does not accept.
    case invalid(String)
    /// The private broker cannot be started, and why.
    case broker(String)
    /// mosquitto is not installed.
    case brokerNotInstalled(String)

    /// Stable name for logs, metrics and answers.
    public var code: String {
        switch self {
        case .unreachable: "mqtt_unreachable"
        case .tls: "mqtt_tls_failed"
        case .refused: "mqtt_refused"
        case .disconnected: "mqtt_disconnected"
        case .connectionLost: "mqtt_connection_lost"
        case .subscriptionRefused: "mqtt_subscription_refused"
        case .timedOut: "mqtt_timed_out"
        case .outboxFull: "mqtt_outbox_full"
        case .invalid: "mqtt_invalid_setting"
        case .broker: "mqtt_broker_failed"
        case .brokerNotInstalled: "mqtt_broker_not_installed"
        }
    }

    public var description: String {
        switch self {
        case .unreachable(let why), .tls(let why): why
        case .refused(let reason): "the broker refuses the connection: \(reason)"
        case .disconnected(let reason): "the broker closed the connection: \(reason)"
        case .connectionLost(let why): "the connection to the broker is lost: \(why)"
        case .subscriptionRefused(let filter, let reason): "the broker refuses to subscribe \(filter): \(reason)"
        case .timedOut(let what): "the broker did not answer in time: \(what)"
        case .outboxFull: "too many publications are waiting for the broker"
        case .invalid(let what): what
        case .broker(let what): "the private broker: \(what)"
        case .brokerNotInstalled(let path):
            "\(path) is not there: install the package mosquitto, or set mqtt.broker to a broker of your own"
        }
    }

    /// What a call reported, without the sentence around it.
    var words: String {
        if case .connectionLost(let why) = self { why } else { description }
    }

    /// The error of a libmosquitto call that returned `code`; `errno` is still that of the call.
    static func library(_ call: String, _ code: Int32) -> MQTTError {
        let number = errno
        let words =
            code == MOSQ_ERR_ERRNO.rawValue
            ? String(cString: strerror(number)) : String(cString: mosquitto_strerror(code))
        switch code {
        case MOSQ_ERR_INVAL.rawValue, MOSQ_ERR_MALFORMED_UTF8.rawValue, MOSQ_ERR_NOT_SUPPORTED.rawValue:
            return .invalid("\(call): \(words)")
        case MOSQ_ERR_EAI.rawValue: return .unreachable("\(call): the name of the broker is unknown")
        default: return .connectionLost(words)
        }
    }
}
