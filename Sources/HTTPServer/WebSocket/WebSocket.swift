internal import Synchronization

/// One WebSocket connection (RFC 6455): what came waits here to be taken, what is sent waits here for the network.
///
/// A handler makes one, answers `HTTPResponse.webSocket(_:answering:)` and is done. Everything may be called from any
/// thread and nothing blocks: messages wait in bounded queues, and a peer whose messages nobody takes is not read from.
public final class WebSocket: Sendable {
    /// One message, put together from its fragments. Text has been checked to be UTF-8.
    public enum Message: Sendable, Equatable {
        case text([UInt8])
        case binary([UInt8])

        var byteCount: Int {
            switch self {
            case .text(let bytes), .binary(let bytes): bytes.count
            }
        }
    }

    private struct State {
        var inbox: [Message] = []
        var inboxBytes = 0
        /// The connection has stopped reading and is to be rung when there is room.
        var isWaitingForRoom = false
        var outbox: [Piece] = []
        var unsent = 0
        var isClosing = false
        var isClosed = false
        var wire: Wire?
    }

    /// How the service thread is told that there is something to do for this connection.
    private struct Wire {
        var connection: UInt64
        var doorbell: Doorbell

        func ring() { doorbell.ring(connection) }
    }

    /// Bytes of the longest message that is taken; a longer one ends the connection with 1009.
    let messageLimit: Int
    private let changed: @Sendable (WebSocket) -> Void
    private let state = Mutex(State())

    /// Messages and bytes that wait to be taken before the peer is no longer read from.
    static let inboxCountMax = 64
    static let inboxBytesMax = 256 * 1024
    /// Bytes that may wait for the network; `send` refuses what goes beyond.
    public static let unsentBytesMax = 256 * 1024

    /// `changed` is called when the connection is open, when messages wait and when it has closed: on the server's thread,
    /// which it must not hold up. It is never called if the connection does not come about.
    public init(messageLimit: Int, changed: @escaping @Sendable (WebSocket) -> Void) {
        self.messageLimit = messageLimit
        self.changed = changed
    }

    /// The messages that wait, oldest first, at most `max`.
    public func take(max: Int) -> [Message] {
        let (messages, wire) = state.withLock { state -> ([Message], Wire?) in
            let messages = Array(state.inbox.prefix(max))
            state.inbox.removeFirst(messages.count)
            state.inboxBytes -= messages.reduce(0) { $0 + $1.byteCount }
            guard state.isWaitingForRoom, !Self.isFull(state) else { return (messages, nil) }
            state.isWaitingForRoom = false
            return (messages, state.wire)
        }
        wire?.ring()
        return messages
    }

    /// Whether nothing more can come, besides what waits to be taken, and nothing can be sent.
    public var isClosed: Bool { state.withLock { $0.isClosed || $0.isClosing } }

    /// Sends a message of text. False if the connection is closed, or if too much waits for a peer that reads slowly.
    @discardableResult
    public func send(text: [UInt8]) -> Bool { queue(.text, text) }

    /// Says goodbye with a code (RFC 6455, section 7.4) and closes. What waits for the network is sent before.
    public func close(_ code: WebSocketCode = .normal) { queue(.close, code.payload) }

    // What follows is the service thread's side.

    /// The connection is open.
    func attach(_ connection: UInt64, _ doorbell: Doorbell) {
        state.withLock { $0.wire = Wire(connection: connection, doorbell: doorbell) }
        changed(self)
    }

    /// Queues a frame, and a ping or pong only while little waits: they are worth nothing late.
    @discardableResult
    func queue(_ opcode: WebSocketFrame.Opcode, _ payload: [UInt8]) -> Bool {
        let frame = WebSocketFrame.encode(opcode, payload)
        let (isQueued, wire) = state.withLock { state -> (Bool, Wire?) in
            let limit = opcode == .close ? .max : opcode == .text ? Self.unsentBytesMax : Self.unsentBytesMax / 4
            guard !state.isClosed, !state.isClosing, state.unsent + frame.count <= limit else { return (false, nil) }
            state.isClosing = opcode == .close
            state.outbox.append(.plain(frame))
            state.unsent += frame.count
            return (true, state.wire)
        }
        wire?.ring()
        return isQueued
    }

    func deliver(_ message: Message) {
        state.withLock { state in
            state.inbox.append(message)
            state.inboxBytes += message.byteCount
        }
        changed(self)
    }

    /// Whether another message fits; if not, the connection is rung when one does.
    func hasRoom() -> Bool {
        state.withLock { state in
            state.isWaitingForRoom = Self.isFull(state)
            return !state.isWaitingForRoom
        }
    }

    private static func isFull(_ state: State) -> Bool {
        state.inbox.count >= inboxCountMax || state.inboxBytes >= inboxBytesMax
    }

    func takeOutput() -> [Piece] {
        state.withLock { state in
            defer { state.outbox = [] }
            return state.outbox
        }
    }

    /// The network has taken this many bytes.
    func sent(_ count: Int) { state.withLock { $0.unsent -= count } }

    /// Whether goodbye has been said, though perhaps not yet sent.
    var isClosing: Bool { state.withLock { $0.isClosing } }

    /// Whether goodbye has been handed to the network, and nothing follows.
    var hasTakenLeave: Bool { state.withLock { $0.isClosing && $0.outbox.isEmpty } }

    /// The connection is gone.
    func ended() {
        let isNew = state.withLock { state in
            defer { state.isClosed = true }
            state.outbox = []
            return !state.isClosed
        }
        if isNew { changed(self) }
    }
}

/// Why a WebSocket connection ends (RFC 6455, section 7.4.1).
public struct WebSocketCode: Sendable, Equatable {
    public var number: UInt16

    /// Also what a peer that gave no reason is answered.
    public static let normal = WebSocketCode(number: 1000)
    public static let goingAway = WebSocketCode(number: 1001)
    static let protocolError = WebSocketCode(number: 1002)
    static let notUTF8 = WebSocketCode(number: 1007)
    /// The peer may not speak here, or speaks too much.
    public static let policyViolation = WebSocketCode(number: 1008)
    static let messageTooBig = WebSocketCode(number: 1009)

    var payload: [UInt8] { [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }

    init(number: UInt16) { self.number = number }

    /// What a peer says when it closes; nil if that is not allowed on the wire.
    init?(payload: [UInt8]) {
        guard !payload.isEmpty else {
            self = .normal
            return
        }
        guard payload.count >= 2, String(validating: payload[2...], as: UTF8.self) != nil else { return nil }
        number = UInt16(payload[0]) << 8 | UInt16(payload[1])
        switch number {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: return nil
        }
    }
}
