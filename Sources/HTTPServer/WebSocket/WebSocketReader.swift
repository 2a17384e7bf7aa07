/// Turns the bytes of a client into messages (RFC 6455, section 5): checks frames, unmasks them and joins fragments.
struct WebSocketReader: ~Copyable {
    enum Step: Equatable {
        /// Nothing more can be said before bytes arrive.
        case needsBytes
        case message(WebSocket.Message)
        case ping([UInt8])
        case pong
        /// The client closes; to be answered with this code.
        case close(WebSocketCode)
        /// The stream cannot be read any further.
        case failed(WebSocketCode)
    }

    private struct Header {
        var isFinal: Bool
        var opcode: WebSocketFrame.Opcode
        var byteCount: Int
        var payload: Int
    }

    private let messageLimit: Int
    private var inbox: [UInt8] = []
    private var start = 0
    /// The fragments so far, and what the first of them said it is.
    private var message: [UInt8] = []
    private var kind: WebSocketFrame.Opcode?
    private var failure: WebSocketCode?

    init(messageLimit: Int) { self.messageLimit = messageLimit }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        if start > 0 {
            inbox.removeSubrange(..<start)
            start = 0
        }
        inbox.append(contentsOf: bytes)
    }

    mutating func step() -> Step {
        if let failure { return .failed(failure) }
        do throws(Failure) {
            while let header = try header(), let payload = takePayload(header) {
                switch header.opcode {
                case .ping: return .ping(payload)
                case .pong: return .pong
                case .close:
                    guard let code = WebSocketCode(payload: payload) else { throw Failure(.protocolError) }
                    return .close(code)
                case .continuation, .text, .binary:
                    kind = kind ?? header.opcode
                    message += payload
                    if header.isFinal { return try takeMessage() }
                }
            }
            return .needsBytes
        } catch {
            failure = error.code
            return .failed(error.code)
        }
    }

    private struct Failure: Error {
        var code: WebSocketCode

        init(_ code: WebSocketCode) { self.code = code }
    }

    /// The next header, checked as soon as it is there; nil if it is not.
    private func header() throws(Failure) -> Header? {
        let count = inbox.count - start
        guard count >= 2 else { return nil }
        let first = inbox[start]
        let second = inbox[start + 1]
        // No extension was agreed on, and clients mask.
        guard first & 0x70 == 0, second & 0x80 != 0, let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else {
            throw Failure(.protocolError)
        }
        let isFinal = first & 0x80 != 0
        let short = Int(second & 0x7F)
        if opcode.isControl {
            guard isFinal, short <= WebSocketFrame.controlByteCountMax else { throw Failure(.protocolError) }
        } else if (opcode == .continuation) != (kind != nil) {
            throw Failure(.protocolError)
        }
        let lengthBytes = short == 126 ? 2 : short == 127 ? 8 : 0
        guard count >= 2 + lengthBytes else { return nil }
        let length = try length(short, inbox[start + 2..<start + 2 + lengthBytes])
        if !opcode.isControl, length > messageLimit - message.count { throw Failure(.messageTooBig) }
        return Header(isFinal: isFinal, opcode: opcode, byteCount: 2 + lengthBytes + 4, payload: length)
    }

    private func length(_ short: Int, _ bytes: ArraySlice<UInt8>) throws(Failure) -> Int {
        guard !bytes.isEmpty else { return short }
        let length = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // In the fewest bytes, and never with the highest bit.
        guard length > (bytes.count == 2 ? 125 : 0xFFFF), let length = Int(exactly: length) else {
            throw Failure(.protocolError)
        }
        return length
    }

    private mutating func takePayload(_ header: Header) -> [UInt8]? {
        guard inbox.count - start >= header.byteCount, inbox.count - start - header.byteCount >= header.payload else {
            return nil
        }
        let key = start + header.byteCount - 4
        let from = key + 4
        let payload = (0..<header.payload).map { inbox[from + $0] ^ inbox[key + $0 & 3] }
        start = from + header.payload
        return payload
    }

    private mutating func takeMessage() throws(Failure) -> Step {
        let isText = kind == .text
        kind = nil
        let complete = message
        message = []
        guard isText else { return .message(.binary(complete)) }
        guard String(validating: complete, as: UTF8.self) != nil else { throw Failure(.notUTF8) }
        return .message(.text(complete))
    }
}
