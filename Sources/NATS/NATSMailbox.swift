internal import CNATS
internal import Synchronization

/// What happened on a connection, in order, for the thread that owns it.
public enum NATSEvent: Sendable, Equatable {
    /// The message of `token` is stored in the stream under `sequence`; or, `isDuplicate`, the server remembers its id.
    case stored(token: UInt, sequence: UInt64, isDuplicate: Bool)
    /// The message of `token` was not stored: JetStream's error code (0: nobody answered for it) and text.
    case refused(token: UInt, code: Int, text: String)
    /// The server says that we may not do something; what was published then gets no answer.
    case forbidden(String)
    /// The connection is gone and does not come back.
    case closed(String)
}

/// Where the library's own threads leave what they have to tell, for the thread that owns the connection.
final class NATSMailbox: Sendable {
    private struct Contents {
        var events: [NATSEvent] = []
        /// Messages that were answered: destroyed only when their events are taken, so that until then no other message
        /// has the address that is their token.
        var answered: [UInt] = []
    }

    private let contents = Mutex(Contents())
    private let onArrival: @Sendable () -> Void

    init(onArrival: @escaping @Sendable () -> Void) { self.onArrival = onArrival }

    deinit { contents.withLock { Self.destroy($0.answered) } }

    /// Everything that arrived since the last call.
    func take() -> [NATSEvent] {
        let taken = contents.withLock { contents in
            defer { contents = Contents() }
            return contents
        }
        Self.destroy(taken.answered)
        return taken.events
    }

    /// - Parameter message: the one the event is the answer to; the box destroys it.
    func put(_ event: NATSEvent, answering message: UInt? = nil) {
        let wasEmpty = contents.withLock { contents in
            defer { contents.events.append(event) }
            if let message { contents.answered.append(message) }
            return contents.events.isEmpty
        }
        if wasEmpty { onArrival() }
    }

    private static func destroy(_ messages: [UInt]) {
        for message in messages { natsMsg_Destroy(OpaquePointer(bitPattern: message)) }
    }

    // The library may call back after the connection was destroyed. So its callbacks know a number, never an address:
    // a number that is no longer listed belongs to a connection that is gone.
    private static let open = Mutex<(boxes: [UInt: NATSMailbox], last: UInt)>(([:], 0))

    static func register(_ box: NATSMailbox) -> UInt {
        open.withLock { open in
            open.last += 1
            open.boxes[open.last] = box
            return open.last
        }
    }

    static func unregister(_ number: UInt) { _ = open.withLock { $0.boxes.removeValue(forKey: number) } }

    static func registered(_ number: UInt) -> NATSMailbox? { open.withLock { $0.boxes[number] } }
}
