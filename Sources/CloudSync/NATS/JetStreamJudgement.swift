internal import NATS

/// What to do about something that JetStream or the connection said.
enum JetStreamJudgement: Equatable {
    /// The stream is not as expected: read what is stored and go on from there.
    case readAgain
    /// Failing for now.
    case retry(String)
    /// Somebody has to mend it: wrong credentials, a full stream, a foreign writer.
    case hold(String)
    /// This record will never be taken.
    case condemn(String)

    /// Of a message's refusal: JetStream's error code (ADR-1 of the NATS project; `status.h` of libnats), 0 if nobody
    /// answered.
    init(code: Int, text: String, stream: String) {
        let said = code == 0 ? text : "\(text) (JetStream error \(code))"
        self =
            switch code {
            case 10_063, 10_070, 10_071, 10_158: .readAgain
            case 10_054, 10_097: .condemn(said)
            case 10_077:
                text.contains("maximum") ? .hold("the stream \(stream) is full: \(said)") : .retry(said)
            case 10_002, 10_023, 10_028, 10_047, 10_120: .hold("no room in JetStream: \(said)")
            case 10_035, 10_039, 10_076: .hold(said)
            case 10_052, 10_058, 10_065: .hold("the stream \(stream) cannot be made: \(said)")
            default: .retry(said)
            }
    }

    /// Of a failed call.
    init(_ error: NATSError, stream: String) {
        self =
            switch error {
            case .refused(let code, let text): JetStreamJudgement(code: code, text: text, stream: stream)
            case .badSettings(let text), .unauthorized(let text): .hold(text)
            case .tls(let text): .hold("TLS: \(text)")
            case .tooLarge: .condemn(error.detail)
            case .unreachable, .timedOut, .connectionLost, .noResponders, .library: .retry(error.detail)
            }
    }
}
