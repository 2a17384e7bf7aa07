internal import CNATS

/// Why a connection could not be had, or a call on it did not succeed.
public enum NATSError: Error, Sendable, Equatable {
    /// The settings cannot work: an address, a file that cannot be read.
    case badSettings(String)
    /// Nobody listens there, or the network is not reachable.
    case unreachable(String)
    /// The server does not take our credentials.
    case unauthorized(String)
    /// Certificates or the handshake; also a server that wants TLS and a client that does not, and the other way round.
    case tls(String)
    case timedOut(String)
    /// The connection is gone.
    case connectionLost(String)
    /// The server knows no JetStream for us, or has none now: nobody answers.
    case noResponders
    /// The message is larger than the server takes.
    case tooLarge(limit: Int)
    /// JetStream's own answer, with its error code.
    case refused(code: Int, String)
    case library(String)

    /// A stable name for logs and status.
    public var code: String {
        switch self {
        case .badSettings: "bad_settings"
        case .unreachable: "connection_refused"
        case .unauthorized: "unauthorized"
        case .tls: "tls_failed"
        case .timedOut: "timed_out"
        case .connectionLost: "connection_lost"
        case .noResponders: "no_responders"
        case .tooLarge: "message_too_large"
        case .refused: "refused"
        case .library: "library"
        }
    }

    /// One line for people.
    public var detail: String {
        switch self {
        case .badSettings(let text), .unreachable(let text), .unauthorized(let text), .tls(let text),
            .timedOut(let text), .connectionLost(let text), .library(let text):
            text
        case .noResponders: "JetStream does not answer"
        case .tooLarge(let limit): "the message is larger than the server's limit of \(limit) bytes"
        case .refused(let code, let text): "\(text) (JetStream error \(code))"
        }
    }

    /// From what a call returned, and what the library remembers of it in this thread.
    init(_ status: natsStatus, jetStream code: jsErrCode = jsErrCode(0), limit: Int = 0) {
        if code.rawValue != 0 {
            self = .refused(code: Int(code.rawValue), Self.lastText(status))
            return
        }
        let text = Self.lastText(status)
        self =
            switch status {
            case NATS_NO_SERVER, NATS_ADDRESS_MISSING: .unreachable(text)
            case NATS_CONNECTION_AUTH_FAILED, NATS_NOT_PERMITTED: .unauthorized(text)
            case NATS_SSL_ERROR, NATS_SECURE_CONNECTION_WANTED, NATS_SECURE_CONNECTION_REQUIRED: .tls(text)
            case NATS_TIMEOUT: .timedOut(text)
            case NATS_IO_ERROR, NATS_CONNECTION_CLOSED, NATS_CONNECTION_DISCONNECTED, NATS_STALE_CONNECTION,
                NATS_PROTOCOL_ERROR:
                .connectionLost(text)
            case NATS_NO_RESPONDERS: .noResponders
            case NATS_MAX_PAYLOAD: .tooLarge(limit: limit)
            case NATS_INVALID_ARG, NATS_INVALID_SUBJECT: .badSettings(text)
            default: .library(text)
            }
    }

    private static func lastText(_ status: natsStatus) -> String {
        var last = status
        let said = nats_GetLastError(&last).map { String(cString: $0) } ?? ""
        return last == status && !said.isEmpty ? said : String(cString: natsStatus_GetText(status))
    }
}
